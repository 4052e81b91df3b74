"""Rules moved between EventBridge's rules and EventBridge Scheduler, without a missed or doubled run."""
