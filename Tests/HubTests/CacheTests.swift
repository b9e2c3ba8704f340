import Foundation
import HubServer
import TestSupport
import Testing

@testable import Hub

/// Files that huggingface_hub has downloaded before.
@Suite("Cache of Hugging Face")
struct CacheTests {
  private let fixture: HubFixture

  init() throws { fixture = try HubFixture() }

  private var cache: URL {
    fixture.directory.url.appending(path: ".cache/huggingface/hub/models--owner--model")
  }

  /// Writes the cache as huggingface_hub does: contents by hash, and links by name.
  private func fill(_ paths: [String], damaged: String? = nil) throws {
    let files = FileManager.default
    let commit = fixture.repository.commit
    for folder in ["blobs", "refs", "snapshots/\(commit)"] {
      try files.createDirectory(
        at: cache.appending(path: folder), withIntermediateDirectories: true)
    }
    try Data(commit.utf8).write(to: cache.appending(path: "refs/main"))
    for path in paths {
      let file = try #require(fixture.repository.files[path])
      let name = file.isLarge ? file.sha256 : file.blob
      let content = path == damaged ? Data(count: file.content.count) : file.content
      try content.write(to: cache.appending(path: "blobs/\(name)"))
      let link = cache.appending(path: "snapshots/\(commit)/\(path)")
      try files.createDirectory(
        at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
      let up = String(repeating: "../", count: path.split(separator: "/").count + 1)
      try files.createSymbolicLink(
        atPath: link.path, withDestinationPath: "\(up)blobs/\(name)")
    }
  }

  private var all: Set<String> { Set(fixture.repository.files.keys) }

  @Test("Cached files are linked and not downloaded, if their hashes are right")
  func linked() async throws {
    try fill(
      ["unet/weights.safetensors", "vae/weights.safetensors"], damaged: "vae/weights.safetensors")
    try await fixture.download()
    #expect(try fixture.files() == all)
    #expect(fixture.server.downloads(of: "unet/weights.safetensors").isEmpty)
    #expect(!fixture.server.downloads(of: "vae/weights.safetensors").isEmpty)
    let blob = try #require(fixture.repository.files["unet/weights.safetensors"]).sha256
    func inode(_ url: URL) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: url.path)[.systemFileNumber] as? Int
    }
    #expect(
      try inode(fixture.folder.appending(path: "unet/weights.safetensors"))
        == inode(cache.appending(path: "blobs/\(blob)")))
  }

  @Test("HF_HUB_OFFLINE takes everything from the cache, and sends no request")
  func offline() async throws {
    try fill(fixture.repository.files.keys.sorted())
    try await fixture.download(["HF_HUB_OFFLINE": "1"])
    #expect(try fixture.files() == all)
    #expect(fixture.server.hub.received.isEmpty && fixture.server.storage.received.isEmpty)
  }

  @Test("HF_HUB_OFFLINE without a cached file is an error that says so")
  func offlineMissing() async throws {
    await #expect(throws: HubError.offline(wanted: "The repository owner/model")) {
      try await fixture.download(["HF_HUB_OFFLINE": "1"])
    }
    try fill(["unet/weights.safetensors"], damaged: "unet/weights.safetensors")
    await #expect(
      throws: HubError.offline(wanted: "The file unet/weights.safetensors of owner/model")
    ) { try await fixture.download(["HF_HUB_OFFLINE": "1"]) }
    #expect(try fixture.files() == [])
    #expect(fixture.server.hub.received.isEmpty)
  }
}
