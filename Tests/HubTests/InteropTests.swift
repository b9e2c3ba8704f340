import Foundation
import HubServer
import TestSupport
import Testing

@testable import Hub

/// huggingface_hub against the test server: the server speaks the Hub's interface, and the cache is the
/// one that this package reads.
@Suite("Interface of the Hub")
struct InteropTests {
  /// A Python with huggingface_hub: that of `make interop`, or the one in `LORA_TRAIN_PYTHON`. Prints a
  /// note without one.
  private static var python: URL? {
    let given = ProcessInfo.processInfo.environment["LORA_TRAIN_PYTHON"].map { URL(filePath: $0) }
    let python = given ?? Repository.root.appending(path: ".venv/bin/python")
    if FileManager.default.isExecutableFile(atPath: python.path) { return python }
    print("SKIPPED: \(python.path) does not exist, so huggingface_hub is not tested.")
    return nil
  }

  private let fixture: HubFixture

  init() throws { fixture = try HubFixture() }

  @Test("huggingface_hub downloads from the test server, uploads to it, and shares its cache")
  func pythonClient() async throws {
    guard let python = Self.python else { return }
    var gated = fixture.repository
    gated.access = .gated
    fixture.server.add(gated, named: "owner/gated")
    let folder = fixture.directory.url.appending(path: "upload")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let adapter = HubFixture.noise(120_000, seed: 3)
    try adapter.write(to: folder.appending(path: "a.safetensors"))
    try Data("# Card\n".utf8).write(to: folder.appending(path: "README.md"))
    fixture.server.setPartSize(50_000)

    let output = try fixture.directory.file("output")
    let process = Process()
    process.executableURL = python
    process.arguments = [
      Repository.root.appending(path: "Tests/Interop/hub.py").path, folder.path,
    ]
    process.environment = [
      "HOME": fixture.directory.url.path, "HF_ENDPOINT": fixture.server.hub.address,
      "HF_TOKEN": HubServer.token, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
      "HF_HUB_DISABLE_TELEMETRY": "1", "PATH": "/usr/bin:/bin",
    ]
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    try #require(process.terminationStatus == 0, "\(text)")

    for (name, access) in [("me/public", StoredRepository.Access.open), ("me/private", .hidden)] {
      let stored = try #require(fixture.server.repository(name))
      #expect(stored.access == access && stored.messages == ["From Python"])
      #expect(stored.files["a.safetensors"]?.content == adapter)
      #expect(stored.files["README.md"]?.content == Data("# Card\n".utf8))
    }
    let requests = fixture.server.hub.received.count
    try await fixture.download(["HF_HUB_OFFLINE": "1"])
    #expect(try fixture.files() == Set(fixture.repository.files.keys))
    #expect(fixture.server.hub.received.count == requests)
  }
}
