"""Services of ECS, from ecspresso.yml: read, compared, deployed, waited for, rolled back."""
