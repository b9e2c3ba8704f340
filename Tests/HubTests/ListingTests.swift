import Foundation
import HubServer
import Testing

@testable import Hub

/// Which files a repository has, and why there may be none.
@Suite("Listing of a repository")
struct ListingTests {
  private let fixture: HubFixture

  init() throws { fixture = try HubFixture() }

  private func listing(
    _ name: String = HubFixture.name, revision: String = "main", token: String? = nil
  ) async throws -> RepositoryListing {
    let settings = try fixture.settings(token.map { ["HF_TOKEN": $0] } ?? [:])
    let pauses = fixture.pauses
    let retry = RetryPolicy.patient { pauses.add($0) }
    return try await HubClient.using(settings, retry: retry) {
      try await $0.listing(of: RepositoryName(name), revision: revision)
    }
  }

  @Test("All pages are read: sizes, and the hash that each file is known by")
  func pages() async throws {
    fixture.server.setPageSize(2)
    let listing = try await listing()
    #expect(listing.commit == fixture.repository.commit)
    #expect(Set(listing.files.map(\.path)) == Set(fixture.repository.files.keys))
    let large = try #require(fixture.repository.files["unet/weights.safetensors"])
    #expect(
      listing.file("unet/weights.safetensors")
        == RepositoryFile(
          path: "unet/weights.safetensors", size: 300_000, digest: .sha256(large.sha256)))
    let small = try #require(fixture.repository.files["model_index.json"])
    #expect(listing.file("model_index.json")?.digest == .gitBlob(small.blob))
    #expect(fixture.server.hub.received.filter { $0.path.contains("tree") }.count == 2)
  }

  @Test("A repository that is missing, private or has no such revision is explained")
  func missing() async throws {
    await #expect(throws: RepositoryError.notFound(repository: "owner/other", hasToken: false)) {
      try await listing("owner/other")
    }
    await #expect(throws: RepositoryError.notFound(repository: "owner/other", hasToken: true)) {
      try await listing("owner/other", token: HubServer.token)
    }
    await #expect(
      throws: RepositoryError.noRevision(repository: HubFixture.name, revision: "v9/x")
    ) {
      try await listing(revision: "v9/x")
    }
    await #expect(throws: RepositoryError.badToken) { try await listing(token: "hf_old") }
    var hidden = fixture.repository
    hidden.access = .hidden
    fixture.server.add(hidden, named: "owner/hidden")
    await #expect(throws: RepositoryError.notFound(repository: "owner/hidden", hasToken: false)) {
      try await listing("owner/hidden")
    }
    #expect(try await listing("owner/hidden", token: HubServer.token).files.count == 4)
    #expect(fixture.pauses.all.isEmpty)
  }

  @Test(
    "A repository with a file whose name leads elsewhere is refused",
    arguments: ["../outside", "/etc/passwd", "a/../../b", "a\u{0}b", "a\\..\\b", ".git/hooks/x"])
  func traversal(path: String) async throws {
    var bad = fixture.repository
    bad.files[path] = StoredFile(Data("x".utf8))
    fixture.server.add(bad, named: HubFixture.name)
    let error = await #expect(throws: RepositoryError.self) { try await fixture.download() }
    guard case .unsafeName(HubFixture.name, path, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try fixture.files() == [])
  }

  @Test("An overloaded server is asked again after the pause it names, as often as stated")
  func overloaded() async throws {
    fixture.server.fail("revision", [.status(429, ["Retry-After": "7"]), .status(503)])
    #expect(try await listing().files.count == 4)
    #expect(fixture.pauses.all == [.seconds(7), .seconds(2)])
    fixture.server.fail("tree", Array(repeating: .status(500), count: 9))
    await #expect(throws: HubError.overloaded(host: "127.0.0.1", status: 500, tries: 5)) {
      try await listing()
    }
    #expect(fixture.server.unusedFaults("tree") == 4)
  }

  @Test("A pause that is too long for anyone to wait is an error at once")
  func longPause() async throws {
    fixture.server.fail("revision", [.status(429, ["Retry-After": "86400"])])
    await #expect(throws: HubError.overloaded(host: "127.0.0.1", status: 429, tries: 1)) {
      try await listing()
    }
    #expect(fixture.pauses.all.isEmpty)
  }

  @Test("An answer that is no JSON, and a refusal for another reason, are errors at once")
  func malformed() async throws {
    fixture.server.fail("tree", [.status(200)])
    await #expect(throws: HubError.self) { try await listing() }
    fixture.server.fail("tree", [.status(418, ["X-Error-Message": "no tea"])])
    let error = await #expect(throws: HubError.self) { try await listing() }
    guard case .refused(_, 418, "no tea") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(fixture.pauses.all.isEmpty)
  }

  @Test("Endless redirects end, and redirects to other kinds of address are not followed")
  func redirects() async throws {
    let address = fixture.server.hub.address
    let circle = "\(address)/api/models/owner/model/revision/main"
    fixture.server.fail("revision", Array(repeating: .redirect(circle), count: 50))
    await #expect(throws: HubError.self) { try await listing() }
    #expect(fixture.server.unusedFaults("revision") == 50 - 11)
    fixture.server.fail("revision", [.redirect("file:///etc/passwd")])
    await #expect(throws: HubError.self) { try await listing() }
    #expect(fixture.pauses.all.isEmpty)
  }

  @Test("A server that nobody runs is tried as often as stated")
  func unreachable() async throws {
    let stopped = try HTTPServer { _ in Answer(200) }
    try stopped.stop()
    let settings = try fixture.settings(["HF_ENDPOINT": stopped.address])
    let pauses = fixture.pauses
    let error = await #expect(throws: HubError.self) {
      try await HubClient.using(settings, retry: RetryPolicy.patient { pauses.add($0) }) {
        try await $0.listing(of: RepositoryName(HubFixture.name), revision: "main")
      }
    }
    #expect(error == .unreachable(host: "127.0.0.1", reason: "Connection refused", tries: 5))
    #expect(pauses.all == [1, 2, 4, 8].map { .seconds($0) })
  }
}
