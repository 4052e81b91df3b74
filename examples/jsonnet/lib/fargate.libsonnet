// How every job runs: on Fargate, in the private subnets of its environment.
function(here) {
  launch_type: 'FARGATE',
  platform_version: '1.4.0',
  network_configuration: {
    aws_vpc_configuration: {
      subnets: here.subnets,
      security_groups: here.security_groups,
      assign_public_ip: 'DISABLED',
    },
  },
}
