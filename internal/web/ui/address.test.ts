import assert from "node:assert/strict";
import { test } from "node:test";
import { isLocal, rtmpServer, watchUrl } from "./address.ts";

const node = { name: "n", version: "1", hosts: ["192.168.1.20", "10.0.0.1"] };

test("localhost in all its forms", () => {
  for (const h of ["localhost", "shoal.localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) assert.ok(isLocal(h), h);
  for (const h of ["192.168.1.20", "shoal.lan", "localhost.example", "12.7.0.0"]) assert.ok(!isLocal(h), h);
});

test("another device gets an address that it can reach", () => {
  assert.equal(watchUrl(new URL("http://192.168.1.9:8080/"), "u", undefined), "http://192.168.1.9:8080/w/u");
  assert.equal(watchUrl(new URL("http://localhost:8080/"), "u", node), "http://192.168.1.20:8080/w/u");
  assert.equal(watchUrl(new URL("http://localhost:8080/"), "u", undefined), undefined);
  assert.equal(watchUrl(new URL("http://localhost/"), "u", { ...node, hosts: ["fd00::5"] }), "http://[fd00::5]/w/u");
  assert.equal(watchUrl(new URL("https://live.example/w/u?x=1#y"), "u", node), "https://live.example/w/u");
});

test("the encoder's server leaves the usual port out", () => {
  assert.equal(rtmpServer(new URL("http://shoal.lan:8080/"), 1935), "rtmp://shoal.lan/live");
  assert.equal(rtmpServer(new URL("http://127.0.0.1:8080/"), 40123), "rtmp://127.0.0.1:40123/live");
});
