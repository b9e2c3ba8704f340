import AsyncHTTPClient
import Foundation
import TestSupport
import Testing

@testable import Hub

/// The environment variables of huggingface_hub, and what a name must look like.
@Suite("Settings of the Hub")
struct SettingsTests {
  @Test("Without variables, the Hub is huggingface.co, and nothing is known of a token")
  func standard() throws {
    let settings = try HubSettings(environment: ["HOME": "/nowhere"])
    #expect(settings.endpoint == "https://huggingface.co")
    #expect(settings.token == nil && !settings.isOffline)
    #expect(settings.cache.path == "/nowhere/.cache/huggingface/hub")
  }

  @Test("The variables move the Hub, the cache and the token's file")
  func variables() throws {
    let folder = try TemporaryDirectory()
    let file = try folder.file("token")
    try Data("hf_fromFile\n".utf8).write(to: file)
    let home = ["HF_HOME": folder.url.path]
    #expect(try HubSettings(environment: home).token == "hf_fromFile")
    #expect(try HubSettings(environment: home).cache.path == "\(folder.url.path)/hub")
    let implicit = home.merging(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) { $1 }
    #expect(try HubSettings(environment: implicit).token == nil)
    let all = try HubSettings(
      environment: home.merging([
        "HF_TOKEN": " hf_variable ", "HF_ENDPOINT": "https://mirror.example/hub/",
        "HF_HUB_CACHE": "~/cache", "HOME": "/home/me", "HF_HUB_OFFLINE": "yes",
      ]) { $1 })
    #expect(all.token == "hf_variable" && all.endpoint == "https://mirror.example/hub")
    #expect(all.cache.path == "/home/me/cache" && all.isOffline)
    let elsewhere = ["HOME": "/nowhere", "HF_TOKEN_PATH": file.path]
    #expect(try HubSettings(environment: elsewhere).token == "hf_fromFile")
  }

  @Test(
    "Addresses, tokens and proxies that cannot be used are refused",
    arguments: [
      ["HF_ENDPOINT": "huggingface.co"], ["HF_ENDPOINT": "ftp://huggingface.co"],
      ["HF_ENDPOINT": "https://"], ["HF_TOKEN": "hf_two lines\nInjected: header"],
      ["HTTPS_PROXY": "ftp://proxy"], ["http_proxy": "http://"],
    ])
  func refused(environment: [String: String]) {
    #expect(throws: HubSettingsError.self) { try HubSettings(environment: environment) }
  }

  @Test("Proxies are chosen by scheme, and exceptions by host, domain and port")
  func proxies() throws {
    let proxies = try ProxySettings(environment: [
      "HTTPS_PROXY": "http://me:secret@secure.proxy:3128", "http_proxy": "plain.proxy:8080",
      "NO_PROXY": "localhost, .internal.example,127.0.0.1:81",
    ])
    func host(_ address: String) throws -> String? {
      try proxies.proxy(for: #require(URL(string: address)))?.host
    }
    #expect(try host("https://huggingface.co/x") == "secure.proxy")
    #expect(try host("http://huggingface.co/x") == "plain.proxy")
    #expect(try host("http://localhost:1234/x") == nil)
    #expect(try host("https://hub.internal.example/x") == nil)
    #expect(try host("http://127.0.0.1:81/x") == nil)
    #expect(try host("http://127.0.0.1:82/x") == "plain.proxy")
    let url = try #require(URL(string: "https://huggingface.co"))
    let secure = try #require(proxies.proxy(for: url))
    #expect(
      secure.port == 3128 && secure.authorization == .basic(username: "me", password: "secret"))
    let none = try ProxySettings(environment: ["ALL_PROXY": "http://p:1", "NO_PROXY": "*"])
    #expect(none.proxy(for: url) == nil)
  }

  @Test("Names of repositories follow the Hub's rules")
  func names() throws {
    for name in ["stabilityai/stable-diffusion-xl-base-1.0", "gpt2", "a/b_c.d"] {
      #expect(try RepositoryName(name).description == name)
    }
    for name in [
      "", "/", "a/", "/b", "a/b/c", "a b/c", "a/../b", "a/b.git", "-a/b", "a/.b", "a/b--c",
      "https://huggingface.co/a/b", "a/b\n", String(repeating: "a", count: 97),
    ] {
      #expect(throws: RepositoryError.name(found: name)) { try RepositoryName(name) }
    }
  }

  @Test(
    "Names of files that leave their folder or damage it are recognised",
    arguments: [
      "", "/etc/passwd", "../a", "a/../../b", "a/./b", "a//b", "a/", "a\\b", "..\\a", "a\u{0}b",
      "a\nb", ".git/config", "a/.GIT/hooks/x", String(repeating: "x", count: 256),
    ])
  func unsafePaths(path: String) {
    #expect(RepositoryPath.problem(path) != nil)
  }

  @Test("Ordinary names of files are safe")
  func safePaths() {
    for path in ["a", "unet/config.json", ".gitattributes", "a b/ü#?.txt", "..a/b..", "x.git"] {
      #expect(RepositoryPath.problem(path) == nil, "\(path)")
    }
  }
}
