import Foundation
import HubServer
import Testing

@testable import Hub

/// Requests through a proxy, and without one where the environment says so.
@Suite("Proxies")
struct ProxyTests {
  private let fixture: HubFixture
  private let proxy: HTTPServer

  /// A proxy that leads to `hub.example` only.
  init() throws {
    let fixture = try HubFixture()
    self.fixture = fixture
    proxy = try HTTPServer(isProxy: true) { request in
      guard request.method == "CONNECT" else { return fixture.server.answer(request) }
      return Answer(request.target == "hub.example:80" ? 200 : 403)
    }
  }

  private func commit(_ environment: [String: String]) async throws -> String {
    let pauses = fixture.pauses
    let settings = try fixture.settings(environment)
    return try await HubClient.using(settings, retry: RetryPolicy.patient { pauses.add($0) }) {
      try await $0.commit("main", of: RepositoryName(HubFixture.name))
    }
  }

  @Test("HTTP_PROXY is asked for a tunnel to the host, with its password")
  func plain() async throws {
    let address = proxy.address.replacing("http://", with: "http://me:pass@")
    let commit = try await commit([
      "HF_ENDPOINT": "http://hub.example", "HTTP_PROXY": address, "HF_TOKEN": HubServer.token,
    ])
    #expect(commit == fixture.repository.commit)
    #expect(proxy.received.map(\.method) == ["CONNECT", "GET"])
    let tunnel = try #require(proxy.received.first)
    let password = Data("me:pass".utf8).base64EncodedString()
    #expect(tunnel.header("Proxy-Authorization") == "Basic \(password)")
    #expect(tunnel.header("Authorization") == nil)
    #expect(proxy.received.last?.header("Authorization") == "Bearer \(HubServer.token)")
    #expect(proxy.received.last?.header("Proxy-Authorization") == nil)
    #expect(fixture.server.hub.received.isEmpty)
  }

  @Test("HTTPS_PROXY is asked for a tunnel; its refusal is an error that names the host")
  func secure() async throws {
    let error = await #expect(throws: HubError.self) {
      try await commit(["HF_ENDPOINT": "https://hub.example", "https_proxy": proxy.address])
    }
    guard case .unreachable("hub.example", _, 5) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(proxy.received.count == 5)
    #expect(proxy.received.allSatisfy { $0.method == "CONNECT" && $0.target == "hub.example:443" })
  }

  @Test("NO_PROXY reaches the server directly")
  func direct() async throws {
    let commit = try await commit(["HTTP_PROXY": proxy.address, "NO_PROXY": "127.0.0.1"])
    #expect(commit == fixture.repository.commit)
    #expect(proxy.received.isEmpty)
  }
}
