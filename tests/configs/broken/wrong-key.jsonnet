{
  cluster: 'batch',
  rules: [
    {
      name: 'job',
      scheduleExpression: 'rate(1 days)',
      taskDefinition: 'reports',
      descripton: 'x',
    },
  ],
}
