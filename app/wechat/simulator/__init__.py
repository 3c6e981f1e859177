"""A stand-in for WeChat's servers, for demo and tests: it answers, remembers and fails as told."""
