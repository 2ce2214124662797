import { mergeExpositions } from './merge-expositions.js';

const gateway = `# HELP api_requests_total Requests answered.
# TYPE api_requests_total counter
api_requests_total{endpoint="/events",status="202",service="ingest-gateway"} 5

# HELP ingestion_duration_seconds How long.
# TYPE ingestion_duration_seconds histogram
ingestion_duration_seconds_bucket{le="0.1",service="ingest-gateway"} 1
ingestion_duration_seconds_bucket{le="+Inf",service="ingest-gateway"} 2
ingestion_duration_seconds_sum{service="ingest-gateway"} 0.5
ingestion_duration_seconds_count{service="ingest-gateway"} 2
`;

const stats = `# HELP api_requests_total Requests answered.
# TYPE api_requests_total counter
api_requests_total{endpoint="/stats/dau",status="200",service="stats-api"} 7
`;

test('each family stands once, with the samples of all', () => {
  expect(mergeExpositions([gateway, stats])).toBe(`# HELP api_requests_total Requests answered.
# TYPE api_requests_total counter
api_requests_total{endpoint="/events",status="202",service="ingest-gateway"} 5
api_requests_total{endpoint="/stats/dau",status="200",service="stats-api"} 7
# HELP ingestion_duration_seconds How long.
# TYPE ingestion_duration_seconds histogram
ingestion_duration_seconds_bucket{le="0.1",service="ingest-gateway"} 1
ingestion_duration_seconds_bucket{le="+Inf",service="ingest-gateway"} 2
ingestion_duration_seconds_sum{service="ingest-gateway"} 0.5
ingestion_duration_seconds_count{service="ingest-gateway"} 2
`);
});

test('a family that is another one with an ending is not taken for its part', () => {
  const text = '# TYPE up gauge\nup 1\n# TYPE up_count gauge\nup_count{service="a"} 3\n';
  expect(mergeExpositions([text, text.replace('"a"', '"b"')])).toBe(
    '# TYPE up gauge\nup 1\nup 1\n# TYPE up_count gauge\nup_count{service="a"} 3\nup_count{service="b"} 3\n',
  );
});

test('samples without a type, comments and nothing at all', () => {
  expect(mergeExpositions(['', '# a remark\nloose{service="a"} 1\n', 'loose{service="b"} 2'])).toBe(
    'loose{service="a"} 1\nloose{service="b"} 2\n',
  );
});
