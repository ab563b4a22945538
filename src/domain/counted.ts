/** "1 grant", "2 grants"; @param several  where it is not made by an s */
export const counted = (count: number, one: string, several = `${one}s`): string => `${count} ${count === 1 ? one : several}`;
