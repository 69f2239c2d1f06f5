// node peer.js PORT try NAME            prints locked, or busy
// node peer.js PORT hold NAME FILE      locks NAME, prints locked, and unlocks it once FILE is there
// node peer.js PORT count NAME FILE N   adds 1 to the number in FILE, N times, each under the lock
const fs = require('fs');
const Redis = require('ioredis');
const Redlock = require('redlock');

const [port, verb, name, file, count] = process.argv.slice(2);
const redis = new Redis({ host: '127.0.0.1', port: Number(port) });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const patient = new Redlock([redis], { retryCount: -1, retryDelay: 5, retryJitter: 5 });
const hasty = new Redlock([redis], { retryCount: 0 });

async function main() {
  if (verb === 'try') {
    try {
      const lock = await hasty.lock(name, 10000);
      console.log('locked');
      await lock.unlock();
    } catch (error) {
      if (error.name !== 'LockError') throw error;
      console.log('busy');
    }
  } else if (verb === 'hold') {
    const lock = await patient.lock(name, 30000);
    console.log('locked');
    while (!fs.existsSync(file)) await pause(5);
    await lock.unlock();
  } else {
    for (let i = 0; i < Number(count); ++i) {
      const lock = await patient.lock(name, 30000);
      const before = Number(fs.readFileSync(file, 'utf8'));
      await pause(1);
      fs.writeFileSync(file, `${before + 1}\n`);
      await lock.unlock();
    }
  }
  redis.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
