"""Pages for people. Everything that came from elsewhere goes through `visible`, and nothing is read as markup."""
