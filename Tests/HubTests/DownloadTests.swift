import Foundation
import HubServer
import Synchronization
import Testing

@testable import Hub

/// Every file is right or not there at all, after at most the tries stated.
@Suite("Downloads")
struct DownloadTests {
  private static let unet = "unet/weights.safetensors"
  private static let vae = "vae/weights.safetensors"
  private static let small = "model_index.json"

  private let fixture: HubFixture
  private var all: Set<String> { Set(fixture.repository.files.keys) }

  init() throws { fixture = try HubFixture() }

  @Test("All files arrive, with their SHA-256; a second download asks for none of them")
  func whole() async throws {
    let files = try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(try fixture.partials() == [])
    for file in files {
      #expect(file.sha256 == fixture.repository.files[file.path]?.sha256)
    }
    let before = fixture.server.storage.received.count
    #expect(try await fixture.download().count == 4)
    #expect(fixture.server.storage.received.count == before)
    #expect(fixture.server.downloads(of: Self.small).count == 1)
    #expect(fixture.pauses.all.isEmpty)
  }

  @Test("The token goes to the Hub, and not to the host that it redirects to")
  func token() async throws {
    var gated = fixture.repository
    gated.access = .gated
    fixture.server.add(gated, named: HubFixture.name)
    await #expect(throws: RepositoryError.gated(repository: HubFixture.name, hasToken: false)) {
      try await fixture.download()
    }
    #expect(try fixture.files().isSubset(of: ["empty.txt"]))
    try await fixture.download(["HF_TOKEN": HubServer.token])
    #expect(try fixture.files() == all)
    let bearer = "Bearer \(HubServer.token)"
    // The commit, the list of files, and three files that are not empty.
    #expect(fixture.server.hub.received.filter { $0.header("Authorization") == bearer }.count == 5)
    #expect(fixture.server.storage.received.count == 2)
    #expect(fixture.server.storage.received.allSatisfy { $0.header("Authorization") == nil })
  }

  @Test(
    "Connections dropped at random places: each try continues where the last one broke off",
    arguments: 0..<20)
  func dropped(seed: UInt64) async throws {
    var random = Seeded(seed)
    for path in [Self.unet, Self.vae] {
      // The offsets count from the start of each answer.
      let faults = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        HubServer.Fault.dropped(after: Int.random(in: 0...100_000, using: &random))
      }
      fixture.server.fail(path, faults)
    }
    try await fixture.download()
    #expect(try fixture.files() == all)
    let ranges = fixture.server.storage.received.compactMap { $0.header("Range") }
    #expect(Set(ranges).count == ranges.count, "\(ranges)")
  }

  @Test("Too many failures in a row end the download; the next one continues it")
  func tooMany() async throws {
    fixture.server.fail(Self.unet, Array(repeating: .dropped(after: 20_000), count: 7))
    await #expect(throws: HubError.self) { try await fixture.download() }
    #expect(fixture.server.unusedFaults(Self.unet) == 2)
    #expect(try !fixture.files().contains(Self.unet))
    #expect(try fixture.partials().count { $0.hasPrefix(Self.unet) } == 1)
    try await fixture.download()
    #expect(try fixture.files() == all)
    let starts = fixture.server.downloads(of: Self.unet).filter { $0.path.contains("lfs") }
      .map { $0.header("Range") }
    #expect(starts.count == 8 && starts[0] == nil)
    #expect(starts[7] == "bytes=140000-", "\(starts)")
    #expect(try fixture.partials() == [])
  }

  @Test("A try that brings enough new bytes does not count")
  func progress() async throws {
    fixture.server.fail(Self.unet, Array(repeating: .dropped(after: 20_000), count: 12))
    try await fixture.download(progress: 10_000)
    #expect(try fixture.files() == all)
    #expect(fixture.pauses.all == Array(repeating: .seconds(1), count: 12))
  }

  @Test("Bodies without a length that end too early are continued")
  func truncated() async throws {
    fixture.server.fail(Self.unet, [.truncated(to: 1000), .truncated(to: 0)])
    fixture.server.fail(Self.small, [.truncated(to: 5)])
    try await fixture.download()
    #expect(try fixture.files() == all)
  }

  @Test("A server that ignores Range sends the file anew")
  func ignoredRange() async throws {
    fixture.server.fail(Self.unet, [.dropped(after: 70_000), .ignoredRange])
    fixture.server.fail(Self.small, [.dropped(after: 7), .ignoredRange])
    try await fixture.download()
    #expect(try fixture.files() == all)
  }

  @Test("Bytes from another place than asked for are not used")
  func wrongRange() async throws {
    fixture.server.fail(Self.unet, [.dropped(after: 70_000), .wrongRange])
    try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(fixture.server.downloads(of: Self.unet).last?.header("Range") == nil)
  }

  @Test("A wrong hash: the file is downloaded once more, and then is not there at all")
  func wrongHash() async throws {
    fixture.server.fail(Self.vae, [.wrongBytes])
    fixture.server.fail(Self.small, [.wrongBytes])
    try await fixture.download()
    #expect(try fixture.files() == all)
    try FileManager.default.removeItem(at: fixture.folder)
    fixture.server.fail(Self.vae, Array(repeating: .wrongBytes, count: 5))
    await #expect(
      throws: DownloadError.wrongContent(
        repository: HubFixture.name, file: Self.vae, tries: 2)
    ) { try await fixture.download() }
    #expect(fixture.server.unusedFaults(Self.vae) == 3)
    #expect(try !fixture.files().contains(Self.vae))
    #expect(try !fixture.partials().contains { $0.hasPrefix(Self.vae) })
  }

  @Test("A wrong part before a right rest is found by the hash, and nothing of it is kept")
  func wrongPart() async throws {
    try await fixture.download()
    let file = fixture.folder.appending(path: Self.unet)
    let digest = try #require(fixture.repository.files[Self.unet]).sha256.prefix(12)
    let partial = fixture.folder.appending(path: "\(Self.unet).\(digest).partial")
    try Data(count: 100_000).write(to: partial)
    try FileManager.default.removeItem(at: file)
    try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(try fixture.partials() == [])
    let ranges = fixture.server.downloads(of: Self.unet).filter { $0.path.contains("lfs") }
      .map { $0.header("Range") }
    #expect(ranges == [nil, "bytes=100000-", nil])
  }

  @Test("More bytes than listed are not kept")
  func tooLong() async throws {
    fixture.server.fail(Self.vae, [.tooLong])
    try await fixture.download()
    #expect(try fixture.files() == all)
    fixture.server.fail(Self.vae, Array(repeating: .tooLong, count: 9))
    try FileManager.default.removeItem(at: fixture.folder.appending(path: Self.vae))
    await #expect(throws: HubError.self) { try await fixture.download() }
    #expect(fixture.server.unusedFaults(Self.vae) == 4)
    #expect(try !fixture.files().contains(Self.vae))
  }

  @Test("A file that changes between two tries starts anew")
  func changed() async throws {
    fixture.server.fail(Self.unet, Array(repeating: .dropped(after: 30_000), count: 5))
    await #expect(throws: HubError.self) { try await fixture.download() }
    var changed = fixture.repository
    changed.commit = String(repeating: "beef", count: 10)
    changed.files[Self.unet] = StoredFile(HubFixture.noise(250_000, seed: 9), isLarge: true)
    fixture.server.add(changed, named: HubFixture.name)
    try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(try fixture.partials() == [])
    #expect(fixture.server.downloads(of: Self.unet).last?.header("Range") == nil)
  }

  @Test("A file that changes during the download is found by its ETag")
  func changedTag() async throws {
    fixture.server.fail(Self.small, [.dropped(after: 8)])
    try await fixture.download()
    let tries = fixture.server.downloads(of: Self.small)
    #expect(tries.map { $0.header("Range") } == [nil, "bytes=8-"])
    let blob = try #require(fixture.repository.files[Self.small]).blob
    #expect(tries[1].header("If-Range") == "\"\(blob)\"")
  }

  @Test("A server that falls silent in the middle of a file is asked for the rest")
  func silent() async throws {
    let only = StoredRepository(files: fixture.repository.files.filter { $0.key == Self.small })
    fixture.server.add(only, named: HubFixture.name)
    fixture.server.fail(Self.small, [.stalled(after: 7)])
    try await fixture.download(silence: .seconds(1))
    #expect(try fixture.files() == [Self.small])
    #expect(fixture.server.downloads(of: Self.small).last?.header("Range") == "bytes=7-")
  }

  @Test("429 and 503 of the storage are answered by the pause they name")
  func retryAfter() async throws {
    fixture.server.fail(
      Self.unet, [.status(503, ["Retry-After": "11"]), .status(429, ["Retry-After": "13"])])
    try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(fixture.pauses.all.sorted() == [.seconds(11), .seconds(13)])
  }

  @Test("A disk without enough space is found before anything is downloaded")
  func space() async throws {
    var huge = fixture.repository
    huge.listedSizes[Self.unet] = 1 << 60
    fixture.server.add(huge, named: HubFixture.name)
    let error = await #expect(throws: DownloadError.self) { try await fixture.download() }
    guard case .noSpace(_, 1 << 60 ... .max, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(fixture.server.storage.received.isEmpty)
  }

  @Test("A cancelled download stops at once, and is resumed the next time")
  func cancelled() async throws {
    fixture.server.fail(Self.unet, [.stalled(after: 50_000)])
    let fixture = fixture
    let hasEnded = Atomic(false)
    let task = Task {
      defer { hasEnded.store(true, ordering: .relaxed) }
      return try await fixture.download()
    }
    // Not until a time: other tests may occupy all threads of Swift's concurrency for long.
    while try !fixture.hasPartial(of: Self.unet, bytes: 50_000) {
      let isWaiting = !hasEnded.load(ordering: .relaxed)
      try #require(isWaiting)
      try await Task.sleep(for: .milliseconds(5))
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(fixture.server.downloads(of: Self.unet).last?.header("Range") == "bytes=50000-")
  }
}

extension HubFixture {
  /// Whether a partial file has this many bytes.
  func hasPartial(of path: String, bytes: Int) throws -> Bool {
    guard FileManager.default.fileExists(atPath: folder.path) else { return false }
    return try partials().contains {
      try $0.hasPrefix(path)
        && Data(contentsOf: folder.appending(path: $0)).count == bytes
    }
  }
}
