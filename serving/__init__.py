"""The server process: HTTP and WebSocket, the queue, the history. It never imports torch; the worker does the work."""
