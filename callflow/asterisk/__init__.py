"""What talks to Asterisk: ARI, AMI, plans as channel variables, configuration files."""
