import Foundation
import Images
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Files
@testable import Training

@Suite("Cache folder")
struct CacheFolderTests {
  private let root: TemporaryDirectory
  private let folder: CacheFolder
  private let tensors: TensorCache

  init() throws {
    root = try TemporaryDirectory()
    folder = CacheFolder(root.url.appending(path: "cache"), of: root.url)
    tensors = TensorCache(.latents, in: folder.url, Arithmetic(threads: 1))
  }

  /// Stores an entry. Equal names give equal entries.
  private func entry(_ name: String) throws -> URL {
    let key = tensors.key([name])
    try tensors.store(["mean": .ones([4])], key)
    return tensors.url(key)
  }

  private func run(_ id: Int, uses files: [URL]) throws -> RunFolder {
    let run = RunFolder(root: root.url, subject: "dog", id: id)
    try CacheUse(of: files, below: folder.url).write(to: run)
    return run
  }

  private func isThere(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  @Test("the run folder lists the entries that the run uses, without files outside the cache")
  func use() throws {
    let first = try entry("first")
    let elsewhere = root.url.appending(path: "pictures/1.png")
    let run = try run(1, uses: [first, elsewhere, first])
    #expect(try CacheUse(of: run)?.files == ["latents/\(first.lastPathComponent)"])
    #expect(try CacheUse(of: RunFolder(root: root.url, subject: "dog", id: 2)) == nil)
    try Data("{".utf8).write(to: CacheUse.url(in: run))
    #expect(throws: FileAccessError.self) { try CacheUse(of: run) }
  }

  @Test("entries that no run uses are removed; an entry of two runs stays until both are gone")
  func shared() throws {
    let (first, second, third) = try (entry("first"), entry("second"), entry("third"))
    let one = try run(1, uses: [first, second])
    let two = try run(2, uses: [second])
    #expect(
      try folder.clear(dryRun: true).map(\.url.lastPathComponent) == [third.lastPathComponent])
    #expect(isThere(third))
    #expect(try folder.clear().count == 1)
    #expect(isThere(first) && isThere(second) && !isThere(third))
    try FileManager.default.removeItem(at: one.url)
    #expect(try folder.clear().count == 1)
    #expect(!isThere(first) && isThere(second))
    try FileManager.default.removeItem(at: two.url)
    #expect(try folder.clear().count == 1)
    #expect(try folder.clear().isEmpty)
  }

  @Test("all entries can be removed, but never files that are no cache entries")
  func everything() throws {
    let first = try entry("first")
    _ = try run(1, uses: [first])
    let hashes = folder.url.appending(path: "file-hashes.json")
    try Data("{}".utf8).write(to: hashes)
    let foreign = [
      folder.url.appending(path: "notes.txt"), folder.url.appending(path: "latents/notes.txt"),
      folder.url.appending(path: "latents/.notes.txt.host.1"),
      folder.url.appending(path: "latents/\(String(repeating: "a", count: 64)).txt"),
      folder.url.appending(path: "latents/\(String(repeating: "a", count: 63)).safetensors"),
    ]
    for file in foreign { try Data("mine".utf8).write(to: file) }
    let link = folder.url.appending(
      path: "latents/\(String(repeating: "b", count: 64)).safetensors")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: foreign[0])
    #expect(try folder.clear().isEmpty)
    #expect(isThere(hashes))
    #expect(try folder.clear(everything: true).count == 2)
    #expect(!isThere(first) && !isThere(hashes))
    for file in foreign + [link] { #expect(isThere(file)) }
  }

  @Test("nothing is removed while a run prepares; once it has a list, its entries stay")
  func locked() throws {
    let (first, second) = try (entry("first"), entry("second"))
    // The list of an earlier training of the run.
    let run = try run(7, uses: [second])
    let lock = try RunLock(run)
    defer { withExtendedLifetime(lock) {} }
    #expect(throws: CacheError.preparing(run: run.url.relativePath)) { try folder.clear() }
    #expect(throws: CacheError.self) { try folder.clear(everything: true) }
    #expect(isThere(first) && isThere(second))
    _ = try self.run(7, uses: [first])
    #expect(try folder.clear().count == 1)
    #expect(isThere(first) && !isThere(second))
  }

  @Test("temporary files are removed after their process has ended, or after an hour")
  func leftovers() throws {
    let name = try entry("first").lastPathComponent
    let latents = folder.url.appending(path: "latents")
    func temporary(_ end: String, age: TimeInterval = 0) throws -> URL {
      let url = latents.appending(path: ".\(name).\(end)")
      try Data("half".utf8).write(to: url)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: url.path)
      return url
    }
    let gone = try temporary("\(CurrentProcess.host).4194305")
    let old = try temporary("elsewhere.example.1", age: 4000)
    let writing = try temporary("\(CurrentProcess.host).\(getpid())")
    let elsewhere = try temporary("elsewhere.example.2")
    #expect(Set(folder.leftovers().map(\.url.lastPathComponent)).count == 2)
    #expect(folder.entries().count == 1)
    _ = try run(1, uses: [latents.appending(path: name)])
    #expect(try folder.clear().count == 2)
    #expect(!isThere(gone) && !isThere(old) && isThere(writing) && isThere(elsewhere))
  }

  @Test("every entry is checked by its hash")
  func verify() throws {
    let (first, second) = try (entry("first"), entry("second"))
    let classImages = folder.url.appending(path: "class-images")
    for (name, problem) in [("a", false), ("b", true)] {
      let image = try RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
      try PictureFile.write(
        image, text: [("pixels", problem ? "other" : ContentHash.of(image.pixels))],
        to: classImages.appending(path: "\(String(repeating: name, count: 64)).png"))
    }
    let hashes = folder.url.appending(path: "file-hashes.json")
    try Data("{}".utf8).write(to: hashes)
    func problems() -> [String] {
      folder.entries().compactMap { $0.problem() }.map {
        $0.replacing(folder.url.relativePath, with: "cache")
      }
    }
    let image = "cache/class-images/\(String(repeating: "b", count: 64)).png"
    let computed = "; it is computed again when it is needed."
    #expect(
      problems() == [
        "\(image) is damaged: its pixels are not those that were drawn\(computed)"
      ])
    try damageLastByte(of: second)
    try Data("[".utf8).write(to: hashes)
    #expect(
      problems() == [
        "cache/latents/\(second.lastPathComponent) is damaged: its hash is wrong"
          + computed,
        "\(image) is damaged: its pixels are not those that were drawn\(computed)",
        "cache/file-hashes.json is damaged: it is not a list of hashes\(computed)",
      ])
    #expect(isThere(first))
  }

  @Test("a missing folder has no entries, and none is created")
  func absent() throws {
    #expect(folder.entries().isEmpty && folder.leftovers().isEmpty)
    #expect(try folder.clear(everything: true).isEmpty)
    #expect(!isThere(folder.url))
  }
}
