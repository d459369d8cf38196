build: ; swift build
