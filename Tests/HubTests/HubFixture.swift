import Foundation
import HubServer
import Synchronization
import TestSupport

@testable import Hub

/// A server with a repository, and a folder for downloads.
struct HubFixture {
  static let name = "owner/model"

  let server: HubServer
  let directory: TemporaryDirectory
  let pauses = Pauses()
  var repository: StoredRepository

  /// A small file in git, and large ones in storage.
  init() throws {
    server = try HubServer()
    directory = try TemporaryDirectory()
    repository = StoredRepository(files: [
      "model_index.json": StoredFile(Data("{\"_class_name\": \"Test\"}\n".utf8)),
      "unet/weights.safetensors": StoredFile(Self.noise(300_000, seed: 1), isLarge: true),
      "vae/weights.safetensors": StoredFile(Self.noise(90_000, seed: 2), isLarge: true),
      "empty.txt": StoredFile(Data()),
    ])
    server.add(repository, named: Self.name)
  }

  var folder: URL { directory.url.appending(path: "download") }

  /// The settings for the server.
  func settings(_ more: [String: String] = [:]) throws -> HubSettings {
    try HubSettings(
      environment: ["HOME": directory.url.path, "HF_ENDPOINT": server.hub.address]
        .merging(more) { $1 })
  }

  /// Downloads all files of the repository with pauses that are only noted.
  @discardableResult
  func download(
    _ more: [String: String] = [:], tries: Int = 5, progress: Int = 1 << 24,
    silence: Duration = .seconds(900)
  ) async throws -> [DownloadedFile] {
    let pauses = pauses
    let policy = RetryPolicy.patient(
      tries: tries, progress: progress, silence: silence
    ) { pauses.add($0) }
    return try await HubClient.using(settings(more), retry: policy) { client in
      let listing = try await client.files(
        of: RepositoryName(Self.name), revision: "main")
      return try await client.download(listing.files, of: listing, to: folder) { _ in }
    }
  }

  /// What is in the folder: each file must have the right bytes; the names of the files that are there.
  func files() throws -> Set<String> {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    var found: Set<String> = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      guard let file = server.repository(Self.name)?.files[path] else { continue }
      guard try Data(contentsOf: folder.appending(path: path)) == file.content else {
        throw WrongFile(path: path)
      }
      found.insert(path)
    }
    return found
  }

  /// The names of partial files.
  func partials() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".partial")
    }
  }

  struct WrongFile: Error {
    let path: String
  }

  /// Bytes that depend on a seed.
  static func noise(_ count: Int, seed: UInt64) -> Data {
    var random = Seeded(seed)
    return Data((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
  }
}

extension RetryPolicy {
  /// A policy with pauses that are only noted. Other tests may occupy all threads of Swift's concurrency
  /// for minutes, so it waits long for an answer.
  static func patient(
    tries: Int = 5, progress: Int = 1 << 24, silence: Duration = .seconds(900),
    pause: @escaping @Sendable (Duration) -> Void
  ) -> RetryPolicy {
    RetryPolicy(tries: tries, progress: progress, silence: silence) { pause($0) }
  }
}

/// The pauses that a client would have made.
final class Pauses: Sendable {
  private let noted = Mutex<[Duration]>([])

  func add(_ duration: Duration) { noted.withLock { $0.append(duration) } }
  var all: [Duration] { noted.withLock { $0 } }
}

/// Random numbers from a seed (splitmix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
