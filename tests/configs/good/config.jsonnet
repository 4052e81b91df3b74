local env = std.native('env');
local must_env = std.native('must_env');
local job(name, at) = {
  name: name,
  scheduleExpression: at,
  taskDefinition: 'reports',
  containerOverrides: [{ name: 'app', environment: { STAGE: must_env('STAGE'), TOKEN: std.native('secret')('TOKEN') } }],
};
{
  region: 'eu-central-1',
  cluster: env('NO_CLUSTER', 'batch'),
  rules: [job('a', 'rate(1 day)'), job('b', 'rate(2 days)') { disabled: true }],
}
