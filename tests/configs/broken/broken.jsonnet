{ cluster: 'batch', rules: [ }
