// What differs between the environments.
{
  production: {
    cluster: 'shop',
    subnets: ['subnet-0a1b2c3d', 'subnet-4e5f6a7b'],
    security_groups: ['sg-0123abcd'],
    marketplaces: ['north', 'south'],
  },
  staging: {
    cluster: 'shop-staging',
    subnets: ['subnet-8c9d0e1f'],
    security_groups: ['sg-4567cdef'],
    marketplaces: ['north'],
  },
}
