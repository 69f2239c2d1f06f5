// Redlock over ioredis: `node peer.js PORT`. Prints microseconds for each uncontended pair, and pairs a second of eight
// clients that want one lock.
const path = require('path');
const modules = process.argv[3];
const Redis = require(path.join(modules, 'node_modules/ioredis'));
const { default: Redlock } = require(path.join(modules, 'node_modules/redlock'));

const make = () => {
  const redis = new Redis(Number(process.argv[2]), '127.0.0.1');
  const lock = new Redlock([redis], { retryCount: -1, automaticExtensionThreshold: 500 });
  return { redis, lock };
};

(async () => {
  const one = make();
  const pair = async (who, name) => (await who.lock.acquire([name], 30000)).release();
  for (let i = 0; i < 200; ++i) await pair(one, 'peer');
  let begin = process.hrtime.bigint();
  const count = 2000;
  for (let i = 0; i < count; ++i) await pair(one, 'peer');
  const each = Number(process.hrtime.bigint() - begin) / 1000 / count;

  const eight = Array.from({ length: 8 }, make);
  const until = Date.now() + 4000;
  let turns = 0;
  begin = process.hrtime.bigint();
  await Promise.all(eight.map(async (who) => {
    while (Date.now() < until) {
      await pair(who, 'contended');
      ++turns;
    }
  }));
  const rate = turns / (Number(process.hrtime.bigint() - begin) / 1e9);
  console.log(`${each} ${rate}`);
  for (const who of [one, ...eight]) who.redis.disconnect();
})();
