{ cluster: std.extVar('stage'), rules: [] }
