#!/bin/sh
# Answers one HTTP request on standard input and output, in the way of OpenAI's interface.
read -r method path _
length=0
while read -r name value; do
    case "$name" in
    [Cc]ontent-[Ll]ength:) length=$(printf '%s' "$value" | busybox tr -dc 0-9) ;;
    "$(printf '\r')") break ;;
    esac
done
[ "$length" -gt 0 ] && busybox head -c "$length" >/dev/null

json() {
    printf 'HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$1" "${#2}" "$2"
}

piece() {
    printf 'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":%s}]}\n\n' "$1" "$2"
}

case "$method $path" in
"GET /health") json '200 OK' '{"status":"ok"}' ;;
"GET /v1/models") json '200 OK' '{"object":"list","data":[{"id":"tiny","owned_by":"busybox"}]}' ;;
"POST /v1/chat/completions")
    printf 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
    for word in Hello ' from' ' the' ' container'; do piece "$word" null; done
    piece '' '"stop"'
    printf 'data: [DONE]\n\n'
    ;;
"GET /eat")
    echo yes >/tmp/eat
    json '200 OK' '{}'
    ;;
*) json '404 Not Found' '{"error":{"message":"not here"}}' ;;
esac
