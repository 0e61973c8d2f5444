import type { Words } from './words.ts'

/** 기술 문서의 문체를 따른다: 명사형 종결, 존칭 없음. */

/** 1.2 s 대신 1.2초. */
function time(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)}초`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}분 ${seconds % 60}초`
}

type Name = readonly [name: string, unit: string]
const trades: Record<string, Record<string, Name>> = {
  oversell: {
    duplicates: ['중복 주문', '건'],
    oversold: ['초과 판매 수량', '개'],
    negative_stock: ['재고 음수 발생 상품', '개'],
    lost_updates: ['유실된 재고 갱신', '건'],
  },
  coupon: { duplicates: ['쿠폰 중복 발급', '건'], oversold: ['한도 초과 발급', '건'] },
  points: {
    duplicates: ['포인트 중복 차감', '건'],
    oversold: ['잔액 초과 사용 포인트', '점'],
    negative_stock: ['잔액 음수 계정', '개'],
    lost_updates: ['유실된 포인트', '점'],
  },
}
const others: Record<string, Name> = {
  overlaps: ['동일 키 동시 보유', '회'],
  leaked_keys: ['해제되지 않고 남은 키', '개'],
  foreign_releases: ['타인의 락 해제', '회'],
  fence_violations: ['fencing 토큰 역전', '회'],
  overclaims: ['유효 시간 과대 신고', '회'],
  unsettled: ['응답 없는 호출', '건'],
  requests: ['요청', '건'],
  done: ['처리 완료', '건'],
  refused: ['거절 (품절·한도 도달)', '건'],
  repeated: ['이미 처리된 요청으로 판별', '건'],
  contended: ['락 대기 시간 초과', '건'],
  unavailable: ['락 획득 불가로 거절', '건'],
  indeterminate: ['결과 불명 오류', '건'],
}
const nameOf = (workload: string, metric: string): Name =>
  trades[workload]?.[metric] ?? others[metric] ?? trades['oversell']![metric] ?? [metric.replaceAll('_', ' '), '건']

const faults: Record<string, string> = {
  kill: 'Redis 프로세스 강제 종료',
  latency: '네트워크 지연',
  partition: '네트워크 단절',
  failover: 'Failover',
  'cut-replication': '복제 단절',
  'isolate-primary': 'Primary 고립(split-brain)',
  'clock-jump': '시계 급변',
  eviction: '키 축출(eviction)',
  flush: '데이터 전체 삭제(flush)',
  'memory-death': '메모리 한도 초과로 인한 프로세스 종료',
  misconf: '스냅샷 실패로 인한 쓰기 거부(MISCONF)',
  oom: '메모리 임계치 도달로 인한 쓰기 거부(OOM)',
  pause: 'Redis 프로세스 정지',
  bandwidth: '네트워크 대역폭 저하',
  'black-hole': '네트워크 무응답',
  'client-kill': '클라이언트 연결 강제 종료',
  'client-pause': '클라이언트 명령 일시 중지',
  'drop-reply': '응답 유실',
  flap: '네트워크 단속(flapping)',
  'max-clients': '최대 연결 수 초과',
  reset: '연결 재설정',
  'slow-script': '장시간 스크립트 실행',
  'stop-process': '서버 프로세스 정지',
  'block-event-loop': '서버 이벤트 루프 차단',
  crash: '서버 비정상 종료',
}
const faultName = (name: string) => faults[name] ?? name

/** 받침에 맞는 조사. 한글로 끝나지 않으면 둘 다 적는다. */
function subject(word: string): string {
  const code = word.codePointAt(word.length - 1)! - 0xac00
  if (code < 0 || code > 11_171) return `${word}이(가)`
  return `${word}${code % 28 === 0 ? '가' : '이'}`
}

const facts = {
  name: '이름',
  title: '장애명',
  from: '시나리오',
  topology: 'Redis 구성',
  servers: '서버 수',
  lock: '락',
  lockOptions: '락 옵션',
  ttlMs: '요청한 TTL (ms)',
  waitMs: '락 대기 시간 (ms)',
  memoryLimitMb: '메모리 한도 (MB)',
  ratePerSecond: '초당 요청 수',
  durationMs: '드릴 길이 (ms)',
  workload: '업무 종류',
  fallback: 'fallback',
  faults: '장애 유형',
  recorded: '당일 피해',
  day: '당일 기록',
}

export const ko: Words = {
  lang: 'ko',
  unknown: '알려지지 않음',
  title: (name) => `🧾 장애 보고서: ${name}`,
  preface: ({ seed, startedAt, lock, topology, redis }) =>
    `본 보고서의 "실측"은 ${startedAt}에 시작한 Picklock 드릴의 결과임 (락 ${lock}, 구성 ${topology}, Redis ${redis}, seed ${seed}). "당일 기록"은 담당자가 전달한 내용임. 추정한 내용은 없으며, 전달되지도 측정되지도 않은 항목은 "알려지지 않음"으로 표기함.`,
  headings: {
    summary: '1. 장애 요약',
    cause: '2. 장애 원인 요약',
    timeline: '3. 장애 상세 타임라인',
    impact: '4. 장애 영향 분석',
    whys: '5. 5 Whys 분석',
    unnoticed: '6. 조기에 발견하지 못한 이유',
    response: '7. 장애 대응 및 복구 조치',
    communication: '장애 전파',
    prevention: '8. 재발 방지 대책',
    state: '8-1. 장애 시점의 fallback 및 TTL 설정',
    measures: '8-2. 대책별 실측 결과',
    actions: '8-3. 후속 대응 방안',
    again: '9. 재현 방법',
  },
  labels: {
    name: '장애명',
    when: '장애 일시',
    status: '장애 상태',
    grade: '장애 등급',
    effect: '서비스 영향도',
    told: '당일 기록',
    measured: '드릴 실측',
    time: '시간 (UTC)',
    drillTime: '드릴 경과',
    what: '내용',
    item: '항목',
    onTheDay: '당일',
    inTheDrill: '드릴 실측',
    why: 'Why 단계',
    because: '내용',
    evidence: '드릴에서 확인된 근거',
    fallback: '장애 시점에 fallback 대응이 있었는가?',
    ttl: '장애 시점에 TTL 설정이 있었는가?',
    memory: '메모리 한도',
    drilled: '드릴에 사용한 락',
    measure: '대책',
    outcome: '결과',
    incident: '장애 당시 구성',
    done: '처리 완료',
    failed: '실패',
    contended: '대기 시간 초과',
    throughput: '초당 처리',
    wait: '락 대기 p95',
    assumed: '전달되지 않아 드릴에서 가정한 값',
    notMeasured: '측정하지 않음',
  },
  terms: { short: '🟡 Short-Term', mid: '🟠 Mid-Term', long: '🔵 Long-Term' },
  outcomes: {
    prevented: '방지됨',
    reduced: '감소',
    'not-prevented': '방지하지 못함',
    unclear: '판단 불가',
    'not-run': '미실행',
  },
  metric: (workload, metric) => nameOf(workload, metric)[0],
  count(workload, metric, count) {
    const [name, unit] = nameOf(workload, metric)
    return `${name} ${count}${unit}`
  },
  blames: {
    lock: '원인은 락 자체',
    holder: '보유자가 TTL 만료 후에도 작업을 계속함',
    topology: 'Redis 구성에서 키가 유실됨',
    unclear: '원인 불명확',
  },
  fault: faultName,
  fact: (name) => facts[name],
  moment(moment, workload) {
    const { what, who = '', fault = '', proof, metric = '', count = 0 } = moment
    switch (what) {
      case 'load':
        return '부하 시작'
      case 'settle':
        return '부하 종료'
      case 'end':
        return '드릴 종료'
      case 'interrupted':
        return '드릴 중단됨'
      case 'landed':
        return `${who}: ${faultName(fault)} 발생 확인 (${proof})`
      case 'healed':
        return `${who}: ${faultName(fault)} 해소`
      case 'down':
        return `${who} 다운`
      case 'up':
        return `${who} 재기동`
      case 'paused':
        return `${who} 정지`
      case 'resumed':
        return `${who} 재개`
      case 'switch-master':
        return `${subject(who)} 새 Primary로 승격`
      case 'found': {
        const [name, unit] = nameOf(workload, metric)
        return `${name} 최초 발생: ${who} (총 ${count}${unit})`
      }
      case 'ended-early':
        return `조기 종료: ${who} 기준 초과`
    }
  },
  noDamage: '드릴에서 피해가 확인되지 않음',
  doubts: (reasons) => `드릴 결과만으로는 판단할 수 없음: ${reasons.join('; ')}`,
  overlaps: (count, blame) => `하나의 키를 둘 이상이 동시에 보유함 (${count}회, ${blame})`,
  fates({ fault, fromMs, toMs, acquires }) {
    const { granted, contended, unavailable, uncertain, open, slowestMs } = acquires
    const asked = granted + contended + unavailable + uncertain + open
    return `${faultName(fault)} 구간(${time(toMs - fromMs)})의 락 요청 ${asked}건: 획득 ${granted}건, 대기 시간 초과 ${contended}건, 거절 ${unavailable}건, 결과 불명 오류 ${uncertain}건, 무응답 ${open}건. 가장 느린 응답은 ${time(slowestMs)}.`
  },
  firstOverlap: (afterMs, fault) => `${faultName(fault)} 시작 ${time(afterMs)} 후 최초로 동시 보유가 발생함.`,
  errorsSeen: (failed, asked) =>
    failed === 0
      ? `해당 구간의 락 요청 ${asked}건 중 오류를 받은 요청은 0건. 락 오류율 경보로는 감지할 수 없었음.`
      : `해당 구간의 락 요청 ${asked}건 중 ${failed}건이 락 오류를 받음. 락 오류율 경보로 감지할 수 있는 신호였음.`,
  onlyInLedger: (damage) =>
    `피해(${damage})는 드릴 종료 후 DB 집계에서 확인됨. 서버 입장에서는 모두 정상 처리된 요청이었음.`,
  ttl: (told) => (told === 'none' ? '미설정 (키가 자동으로 만료되지 않음)' : `설정됨 (${time(told)})`),
  memory: (limitMb) => `${limitMb}MB`,
  drilledLock: ({ lock, ttlMs, waitMs, servers, rate }) =>
    `${lock} (요청 TTL ${ttlMs}ms, 최대 대기 ${waitMs}ms, 서버 ${servers}대${rate === null ? '' : `, 초당 ${rate}건`})`,
  scale: (drillMs) =>
    `당일 수치는 장애 전체 시간, 드릴 수치는 ${time(drillMs)} 동안의 값임. 피해의 종류는 비교할 수 있으나 규모는 직접 비교할 수 없음.`,
  leftOut: (count) => `그 밖의 ${count}건은 드릴 보고서에 있음.`,
  actionMeasured: (outcome) => `실측: ${ko.outcomes[outcome]}`,
  notHelpful: (titles) => `이번 드릴 기준으로 단독으로는 충분하지 않은 대책: ${titles}`,
  keepDrill: 'scenario.yaml을 회귀 드릴로 유지하고 락 변경 시마다 실행 (picklock gate)',
  nobodyRan: '실행한 대책 없음.',
  cutOff: (titles) => `끝까지 실행되지 않은 대책: ${titles}`,
  measuresNote:
    '대책별 1회 실행, 동일한 seed와 동일한 장애를 적용함. "실패"는 락 획득이 거절되었거나 결과가 불명인 요청 수. "방지됨"은 해당 실행에서 첫 행의 피해가 발생하지 않았다는 의미이며, 발생 가능성이 없다는 의미는 아님. 윗행에 별도 기준(ttl-leak)이 있는 대책은 그 행의 남은 키 수와 비교함.',
  noLockTaken: 'Redis 락을 사용하지 않으므로 동시 보유와 락 대기는 집계 대상이 아님.',
  proofNote: '발생 근거 (원문)',
}
