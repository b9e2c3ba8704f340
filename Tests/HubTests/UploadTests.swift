import Foundation
import HubServer
import TestSupport
import Testing

@testable import Hub

/// Files reach a repository whole and with one commit, also after interruptions.
@Suite("Uploads")
struct UploadTests {
  private static let name = "me/lora"
  private static let adapter = HubFixture.noise(250_000, seed: 5)

  private let server: HubServer
  private let directory: TemporaryDirectory
  private let pauses = Pauses()

  init() throws {
    server = try HubServer()
    directory = try TemporaryDirectory()
    try Self.adapter.write(to: directory.url.appending(path: "a.safetensors"))
  }

  private func files(card: String = "# Card\n") throws -> [UploadFile] {
    [
      try UploadFile(
        path: "a.safetensors", file: directory.url.appending(path: "a.safetensors")),
      UploadFile(path: "README.md", bytes: Data(card.utf8)),
    ]
  }

  @discardableResult
  private func upload(
    _ files: [UploadFile]? = nil, isPrivate: Bool = false, token: String = HubServer.token
  ) async throws -> UploadOutcome {
    let files = try files ?? self.files()
    let settings = try HubSettings(environment: [
      "HOME": directory.url.path, "HF_ENDPOINT": server.hub.address, "HF_TOKEN": token,
    ])
    let pauses = pauses
    return try await HubClient.using(settings, retry: RetryPolicy.patient { pauses.add($0) }) {
      try await $0.upload(
        files, to: RepositoryName(Self.name), message: "Step 500", isPrivate: isPrivate
      ) { done, total in #expect(done <= total && total == Self.adapter.count) }
    }
  }

  private func expectComplete(commits: Int = 1) throws {
    let repository = try #require(server.repository(Self.name))
    #expect(repository.files["a.safetensors"]?.content == Self.adapter)
    #expect(repository.files["a.safetensors"]?.isLarge == true)
    #expect(repository.files["README.md"]?.content == Data("# Card\n".utf8))
    #expect(repository.messages == Array(repeating: "Step 500", count: commits))
  }

  @Test("A new repository gets both files with one commit; the storage never sees the token")
  func new() async throws {
    let address = "\(server.hub.address)/\(Self.name)/commit/\(String(repeating: "0", count: 39))1"
    #expect(
      try await upload()
        == .committed(files: ["README.md", "a.safetensors"], address: address))
    try expectComplete()
    #expect(server.storage.received.count == 1)
    #expect(server.storage.received.allSatisfy { $0.header("Authorization") == nil })
    #expect(server.repository(Self.name)?.access == .open)
  }

  @Test("A second upload of the same files sends and commits nothing; a changed card only itself")
  func unchanged() async throws {
    try await upload()
    #expect(try await upload() == .unchanged)
    try expectComplete()
    let changed = try await upload(files(card: "# New\n"))
    guard case .committed(["README.md"], _) = changed else {
      Issue.record("\(changed)")
      return
    }
    #expect(server.storage.received.count == 1)
  }

  @Test("A private repository is made on request")
  func isPrivate() async throws {
    try await upload(isPrivate: true)
    #expect(server.repository(Self.name)?.access == .hidden)
  }

  @Test("Large files in parts are put together")
  func parts() async throws {
    server.setPartSize(60_000)
    server.fail("put", [.status(500), .status(503, ["Retry-After": "9"])])
    try await upload()
    try expectComplete()
    #expect(server.storage.received.count == 5 + 2)
    #expect(
      server.storage.received.map(\.body.count).suffix(4) == [60_000, 60_000, 60_000, 10_000])
    #expect(pauses.all == [.seconds(1), .seconds(9)])
  }

  @Test("An upload that broke off after the large file does not send it again")
  func resumed() async throws {
    server.fail("commit", Array(repeating: .status(502), count: 5))
    await #expect(throws: HubError.overloaded(host: "127.0.0.1", status: 502, tries: 5)) {
      try await upload()
    }
    #expect(server.repository(Self.name)?.files["a.safetensors"] == nil)
    try await upload()
    try expectComplete()
    #expect(server.storage.received.count == 1)
  }

  @Test("A commit whose answer is lost is not made twice")
  func lostAnswer() async throws {
    server.fail("commit", [.dropped(after: 3)])
    #expect(try await upload() == .unchanged)
    try expectComplete()
    #expect(pauses.all == [.seconds(1)])
  }

  @Test("A token that may write but not make repositories is enough for one that exists")
  func narrowToken() async throws {
    server.fail("create", [.status(403, ["X-Error-Message": "no right to create"])])
    await #expect(
      throws: RepositoryError.forbidden(repository: Self.name, message: "no right to create")
    ) { try await upload() }
    #expect(server.repository(Self.name) == nil)
    server.add(StoredRepository(files: [:]), named: Self.name)
    server.fail("create", [.status(403)])
    try await upload()
    try expectComplete()
  }

  @Test("HF_HUB_OFFLINE forbids uploads")
  func offline() async throws {
    let settings = try HubSettings(environment: ["HF_HUB_OFFLINE": "1", "HF_TOKEN": "t"])
    await #expect(throws: UploadError.offline) {
      try await HubClient.using(settings) {
        try await $0.upload([], to: RepositoryName(Self.name), message: "", isPrivate: false) {
          _, _ in
        }
      }
    }
  }

  @Test("A full storage, a wrong token and no token are explained")
  func refused() async throws {
    server.fail("object", [.status(507)])
    await #expect(
      throws: UploadError.refused(
        repository: Self.name, file: "a.safetensors", message: "storage is full")
    ) { try await upload() }
    await #expect(throws: UploadError.noToken) { try await upload(token: "") }
    await #expect(throws: RepositoryError.badToken) { try await upload(token: "hf_other") }
    #expect(server.repository(Self.name)?.messages == [])
  }
}
