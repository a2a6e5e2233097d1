import { Gauge, Registry } from 'prom-client';
import { DAY_MINUTES, Day } from './day.ts';

/** When each alert has to fire, in minutes of the day: some time within, and never outside. */
export const EXPECTED: Readonly<Record<string, readonly [number, number]>> = {
  HealerDeliveriesWait: [180, 215],
  HealerDecisionsFail: [180, 240],
  HealerRefusesDeliveries: [270, 360],
  HealerBreakerOpen: [420, 520],
  HealerEscalatesOften: [420, 860],
  HealerAgentFails: [420, 1400],
  HealerSlow: [600, 1380],
  HealerPaused: [960, 1000],
  HealerRunsWait: [990, 1080],
  HealerInfrastructureFails: [1080, 1200],
  HealerWatchStale: [1140, 1190],
  HealerNoLeader: [1195, 1225],
  HealerSeveralLeaders: [1225, 1255],
  HealerGitHubBudgetLow: [1260, 1300],
  HealerContextFails: [1260, 1400],
  HealerNotificationsFail: [1300, 1400],
  HealerDown: [1405, 1430],
};

/** What a second replica shows of itself: that it is there, and whether it leads. */
function secondReplica(): { readonly registry: Registry; readonly leader: Gauge } {
  const registry = new Registry();
  new Gauge({ name: 'healer_build_info', help: 'b', registers: [registry] }).set(1);
  return { registry, leader: new Gauge({ name: 'healer_leader', help: 'l', registers: [registry] }) };
}

/** Everything of the day that Prometheus would have scraped, minute by minute: OpenMetrics with time stamps. */
export async function playDay(start: number): Promise<{ readonly history: string; readonly last: string }> {
  const day = await Day.begin(start);
  const other = secondReplica();
  const { metrics } = day;
  let silence = 5;
  let isDown = false;
  plan(day, {
    silenceOf: (seconds) => {
      silence = seconds;
    },
    leaders: (own, theirs) => {
      metrics.leader(own);
      other.leader.set(theirs ? 1 : 0);
    },
    down: (down) => {
      isDown = down;
    },
  });
  metrics.watchSilence(() => silence);
  const lines: string[] = [];
  let last = '';
  await day.play(async (_minute, now) => {
    if (isDown) return;
    last = (await metrics.render()).text;
    lines.push(...stamped(last, 'a', now), ...stamped(await other.registry.metrics(), 'b', now));
  });
  return { history: `${lines.join('\n')}\n# EOF\n`, last };
}

interface Switches {
  silenceOf(seconds: number): void;
  leaders(own: boolean, theirs: boolean): void;
  down(isDown: boolean): void;
}

function plan(day: Day, { silenceOf, leaders, down }: Switches): void {
  const { metrics } = day;
  usual(day);
  day.at(0, () => leaders(true, false));
  day.during(0, DAY_MINUTES, () => metrics.githubRateLimitRemaining(4_800));
  day.during(0, DAY_MINUTES, () => metrics.notified('slack', 'sent'));

  // Nothing can be decided for half an hour; what came is decided afterwards.
  day.at(180, () => day.breakDeciding(true));
  day.repair(181, { attempts: ['green'] });
  day.at(205, () => day.breakDeciding(false));
  day.at(206, () => day.decideLeftovers());
  // A sender has the wrong secret.
  day.during(270, 320, () => {
    for (let n = 0; n < 10; n += 1) metrics.deliveryRejected('unauthenticated');
  });
  // A change that no agent gets right, in many branches.
  for (let n = 0; n < 12; n += 1) day.repair(420 + 2 * n, { agents: ['bolt'], attempts: ['red'], takes: 1 });
  // Agents are slow.
  for (let n = 0; n < 14; n += 1) day.repair(600 + 10 * n, { attempts: ['green'], takes: 45 });
  day.at(720, () => day.pause(true));
  day.at(980, () => day.pause(false));
  // A run that nobody starts, while nothing else runs.
  day.at(985, () => day.strandRun('Pending'));
  day.at(1_060, () => day.strandRun('Failed'));
  for (let n = 0; n < 2; n += 1) day.repair(1_080 + n, { attempts: ['infrastructure', 'infrastructure', 'green'] });
  day.during(1_140, 1_170, () => silenceOf(900));
  day.at(1_170, () => silenceOf(5));
  day.at(1_200, () => leaders(false, false));
  day.at(1_215, () => leaders(false, true));
  day.at(1_230, () => leaders(true, true));
  day.at(1_245, () => leaders(true, false));
  day.during(1_265, 1_285, () => metrics.githubRateLimitRemaining(120));
  day.during(1_270, 1_290, () => {
    for (let n = 0; n < 20; n += 1) metrics.contextAsked('loki', 'timed_out', 8_000);
  });
  for (const minute of [1_310, 1_315, 1_320, 1_325]) day.at(minute, () => metrics.notified('slack', 'failed'));
  day.at(1_400, () => down(true));
  day.at(1_425, () => down(false));
}

/** What every day has: repairs that hold, some at the second attempt, one by another agent. */
function usual(day: Day): void {
  for (let minute = 10; minute < DAY_MINUTES - 60; minute += 20) {
    const isHard = minute % 100 === 10;
    // Left alone are the hours in which nothing else may run.
    if (minute >= 980 && minute < 1_080) continue;
    day.repair(minute, isHard ? { agents: ['atlas', 'rex'], attempts: ['red', 'green'] } : { attempts: ['green'] });
  }
}

function stamped(text: string, instance: string, now: number): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const at = line.lastIndexOf(' ');
      const [series, value] = [line.slice(0, at), line.slice(at + 1)];
      const labelled = series.endsWith('}')
        ? `${series.slice(0, -1)},instance="${instance}"}`
        : `${series}{instance="${instance}"}`;
      return `${labelled} ${value === 'Nan' ? 'NaN' : value} ${Math.round(now / 1000)}`;
    });
}
