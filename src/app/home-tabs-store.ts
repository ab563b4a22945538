import type { Org, PersonId, RequestId } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';

/** A drawing of somebody's tab that has begun: what was known of others then. */
export type DrawingBegun = { readonly draws: string; readonly changes: string };

/** What a tab shows now. */
export type HomeDrawn = {
  /** Whom it shows. Undefined: nobody, it says why the account is refused. */
  readonly person: PersonId | undefined;
  /** The digest of the tab. */
  readonly shown: string;
  /** Where in its lists it is, as the tab itself carries it. */
  readonly place: string;
  readonly waiting: readonly RequestId[];
  /** How much overdue access it tells of; undefined for those whom it tells of none. */
  readonly overdue: number | undefined;
  /** The stamp of the drift and the orphans that it tells of; undefined likewise. */
  readonly drift: string | undefined;
};

/** A tab that is to be looked at, taken by this process for half a minute. */
export type HomeClaim = DrawingBegun & Pick<HomeDrawn, 'shown' | 'place'> & { readonly account: string };

/** The home tabs that were opened in the last 24 hours, each by the user of the workspace whose tab it is. */
export type HomeTabs = {
  /**
   * Before a tab is drawn for somebody who looks at it, and before it is asked who that is. One that is not known to have been
   * drawn is drawn anew later.
   */
  begin(org: Org, account: string): Promise<DrawingBegun>;
  /** It has been drawn. Where another drawing had begun meanwhile, nobody knows which is on the screen: it is drawn once more. */
  drawn(org: Org, account: string, begun: DrawingBegun, drawn: HomeDrawn): Promise<void>;
  /** Those who have opened theirs and are not shown this request as waiting, the latest first. */
  openers(org: Org, request: RequestId, limit: number): Promise<readonly Person[]>;
  /** Has the tabs of these people looked at, and those that show the request as waiting; at most one look in five seconds each. */
  change(org: Org, request: RequestId, people: readonly PersonId[]): Promise<void>;
  /** The same for the tabs that were drawn by other policies, settings or roles than there are. */
  changeByRules(): Promise<void>;
  /** The same for the tabs that tell of another number of overdue grants, or of other drift, than there is. */
  changeByFaults(): Promise<void>;
  /** Those whose moment has come, longest first; they come again in 20 s where nothing came of it. */
  due(org: Org, limit: number): Promise<readonly string[]>;
  /** Undefined where somebody else has it, or nothing is to be done. */
  claim(org: Org, account: string): Promise<HomeClaim | undefined>;
  /** `failed`: it comes again in ten seconds. `gone`: it is forgotten until it is opened again. */
  release(org: Org, claim: HomeClaim, came: HomeDrawn | 'failed' | 'gone'): Promise<void>;
  /** Forgets those that nobody opened in the last 24 hours. */
  forget(limit: number): Promise<number>;
};
