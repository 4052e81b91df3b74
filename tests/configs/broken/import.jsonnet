{ cluster: importstr '/etc/passwd' }
