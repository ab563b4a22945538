/**
 * A small shop, made once: what a visitor changes as `readwrite` stays changed.
 * The rows are computed from their numbers, so that every installation shows the same.
 */
export const sampleTables = `
  create table customers (
    id bigint generated always as identity primary key,
    name text not null,
    email text not null unique,
    city text not null,
    since date not null
  );
  create table products (
    id bigint generated always as identity primary key,
    name text not null unique,
    price_cents integer not null check (price_cents >= 0),
    stock integer not null check (stock >= 0)
  );
  create table orders (
    id bigint generated always as identity primary key,
    customer_id bigint not null references customers,
    status text not null check (status in ('open', 'paid', 'shipped', 'returned')),
    placed_at timestamptz not null default now()
  );
  create table order_lines (
    order_id bigint not null references orders on delete cascade,
    product_id bigint not null references products,
    quantity integer not null check (quantity > 0),
    primary key (order_id, product_id)
  );
  create view order_totals as
    select o.id, c.name as customer, o.status, o.placed_at, sum(l.quantity * p.price_cents) as total_cents
    from orders o
    join customers c on c.id = o.customer_id
    join order_lines l on l.order_id = o.id
    join products p on p.id = l.product_id
    group by o.id, c.name;

  insert into customers (name, email, city, since)
  select name, lower(split_part(name, ' ', 1)) || '@shop.example', city, date '2023-01-15' + (n * 23)::integer
  from unnest(
    array['Amara Obi', 'Bruno Costa', 'Chen Wei', 'Daria Novak', 'Elif Kaya', 'Farid Haddad', 'Greta Lind', 'Hana Mori',
          'Ivan Petrov', 'Jana Kral', 'Kofi Mensah', 'Lucia Rossi', 'Mateo Silva', 'Nadia Amrani', 'Olga Weiss', 'Priya Nair'],
    array['Lagos', 'Porto', 'Taipei', 'Zagreb', 'Izmir', 'Beirut', 'Malmö', 'Osaka',
          'Sofia', 'Brno', 'Accra', 'Turin', 'Bogotá', 'Tunis', 'Graz', 'Kochi']
  ) with ordinality as list (name, city, n);

  insert into products (name, price_cents, stock)
  select name, price_cents, 5 + (n * 7)::integer % 40
  from unnest(
    array['Desk lamp', 'Notebook', 'Fountain pen', 'Ink, blue', 'Ink, black', 'Paper knife', 'Bookend', 'Globe', 'Wall clock', 'Letter tray'],
    array[4900, 650, 3200, 890, 890, 1450, 1990, 7900, 5400, 2300]
  ) with ordinality as list (name, price_cents, n);

  insert into orders (customer_id, status, placed_at)
  select 1 + (n * 5) % 16, (array['open', 'paid', 'shipped', 'shipped', 'returned'])[1 + n % 5],
         timestamptz '2026-01-05 09:00Z' + n * interval '3 days 5 hours'
  from generate_series(1, 48) as n;

  insert into order_lines (order_id, product_id, quantity)
  select n, 1 + (n * 3 + line * 4) % 10, 1 + (n + line) % 3
  from generate_series(1, 48) as n, generate_series(0, 1) as line;
`;
