// The scheduled tasks of a small shop, the same for each environment but for what environments.libsonnet says.
//
//   esprestack diff -c ecschedule.jsonnet --ext-str environment=staging
//
// Look-ups are native functions. They give values of their own type, and secrets stay sealed.
local environments = import 'lib/environments.libsonnet';
local fargate = import 'lib/fargate.libsonnet';

local env = std.native('env');
local secret = std.native('secret');

local here = environments[std.extVar('environment')];

// A job runs `command` in the container `app` of its task definition.
local job(name, schedule, command, environment={}) = fargate(here) {
  name: name,
  scheduleExpression: schedule,
  taskDefinition: name,
  // A boolean from the environment: PAUSED=true stops all jobs.
  disabled: std.parseJson(env('PAUSED', 'false')),
  containerOverrides: [{
    name: 'app',
    command: command,
    environment: { APP_ENV: std.extVar('environment') } + environment,
  }],
};

{
  region: 'ap-northeast-1',
  cluster: here.cluster,
  rules: [
    job('sync-inventory', 'rate(10 minutes)', ['bin/inventory', 'sync']),
    job('nightly-report', 'cron(15 18 ? * MON-FRI *)', ['bin/report', '--format', 'pdf']),
  ] + [
    job(
      'import-orders-' + marketplace,
      'cron(5/15 * * * ? *)',
      ['bin/orders', 'import', marketplace],
      { MARKETPLACE_TOKEN: secret('MARKETPLACE_TOKEN') },
    )
    for marketplace in here.marketplaces
  ],
}
