import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Files
@testable import Training

@Suite("Caches")
struct CacheTests {
  private static let everything =
    Array(repeating: "latents", count: 3) + Array(repeating: "text", count: 4)

  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  /// The cache's files with their inode numbers and dates, which change when a file is written.
  private func cacheFiles() throws -> [String] {
    try training.files(below: training.caches).map { path in
      let attributes = try FileManager.default.attributesOfItem(
        atPath: training.caches.appending(path: path).path)
      let number = attributes[.systemFileNumber] as? Int
      let date = attributes[.modificationDate] as? Date
      return "\(path) \(number ?? 0) \(date?.timeIntervalSince1970 ?? 0)"
    }
  }

  @Test("a second run computes nothing and writes no file")
  func hit() throws {
    // Three images; two captions, the default caption, and no negative prompt.
    #expect(try training.computed() == Self.everything)
    let files = try cacheFiles()
    #expect(files.count == 8)
    #expect(try training.computed().isEmpty)
    #expect(try cacheFiles() == files)
  }

  @Test("only a changed image is encoded again")
  func image() throws {
    _ = try training.computed()
    try training.writeImage("1.png", width: 64, height: 100, seed: 8)
    #expect(try training.computed() == ["latents"])
  }

  @Test("only a changed caption is encoded again")
  func caption() throws {
    _ = try training.computed()
    try Data("a photo of sks dog.".utf8).write(to: training.dataset.appending(path: "0.txt"))
    #expect(try training.computed() == ["text"])
  }

  @Test("another resolution needs other latents, another precision other embeddings")
  func config() throws {
    _ = try training.computed()
    let larger = TinyTraining.config { $0.resolution = 96 }
    #expect(try training.computed(larger) == ["latents", "latents", "latents"])
    let half = TinyTraining.config { $0.precision = .bf16 }
    #expect(try training.computed(half) == ["text", "text", "text", "text"])
  }

  @Test(
    "a changed byte in a part of the model makes only its own results stale",
    arguments: [
      ("vae/diffusion_pytorch_model.safetensors", "latents"),
      ("text_encoder/model.safetensors", "text"),
      ("text_encoder_2/model.safetensors", "text"),
    ])
  func model(file: String, stale: String) throws {
    try training.copyModel()
    _ = try training.computed()
    try damageLastByte(of: training.model.appending(path: file))
    #expect(try training.computed() == Self.everything.filter { $0 == stale })
  }

  @Test("after the cache is deleted, also during use, the same data are computed again")
  func deleted() throws {
    func bytes(_ data: PreparedData) throws -> [[UInt8]] {
      let (views, texts) = data.instances.contents(steps: 0..<6)
      let latents = try views.flatMap { view in
        let posterior = try data.latents.latents(of: view).posterior
        return [try posterior.mean.bytes(), try posterior.logvar.bytes()]
      }
      return try latents + texts.map { try data.texts.embedding($0).embeds.bytes() }
    }
    func data() throws -> PreparedData {
      try PreparedData(training.setup(), checkStop: {}, report: { _ in })
    }
    let prepared = try data()
    let first = try bytes(prepared)
    try FileManager.default.removeItem(at: training.caches)
    #expect(try bytes(prepared) == first)
    #expect(try bytes(data()) == first)
    #expect(try training.files(below: training.caches).count > 5)
  }

  @Test("a run's list has all its entries, whether computed or found")
  func use() throws {
    func used() throws -> [String] {
      try PreparedData(training.setup(), checkStop: {}, report: { _ in }).cacheUse.files
    }
    let first = try used()
    let kept = try training.files(below: training.caches)
    #expect(first == kept.filter { $0 != "file-hashes.json" })
    #expect(try used() == first)
  }

  @Test("a truncated file is computed again and replaced")
  func truncated() throws {
    _ = try training.computed()
    let latents = training.caches.appending(path: "latents")
    let name = try #require(try training.files(below: latents).first)
    let whole = try Data(contentsOf: latents.appending(path: name))
    try whole.dropLast(1).write(to: latents.appending(path: name))
    #expect(try training.computed() == ["latents"])
    #expect(try Data(contentsOf: latents.appending(path: name)) == whole)
  }

  @Test("the error for a VAE that overflows names the image")
  func latentNotFinite() throws {
    try training.copyModel()
    let file = training.model.appending(path: "vae/diffusion_pytorch_model.safetensors")
    let weights = try SafetensorsFile(contentsOf: file)
    let poisoned = try weights.names.map { name in
      let tensor = try weights.tensor(name).clone()
      let isFirst = name == "encoder.conv_in.bias"
      return (name: name, tensor: isFirst ? try tensor * Double.infinity : tensor)
    }
    try SafetensorsWriter.write(poisoned, to: file)
    let message = sentence { _ = try training.computed() }
    #expect(message.hasPrefix("The latent of "))
    #expect(message.contains("dog/0.png is not finite; remove the image, or use a VAE"))
  }

  @Test("the hash of a file is stored until the file changes")
  func hashes() throws {
    let file = training.folder.url.appending(path: "weights")
    try Data("one".utf8).write(to: file)
    let hashes = FileHashes(in: training.caches)
    let one = try hashes.hash(of: file)
    #expect(one == ContentHash.of(Data("one".utf8)))
    let store = training.caches.appending(path: "file-hashes.json")
    #expect(!FileManager.default.fileExists(atPath: store.path))
    try hashes.save()
    let remembered = try String(contentsOf: store, encoding: .utf8)
    try remembered.replacing(one, with: "remembered").write(
      to: store, atomically: true, encoding: .utf8)
    #expect(try FileHashes(in: training.caches).hash(of: file) == "remembered")
    try Data("two".utf8).write(to: file)
    #expect(try FileHashes(in: training.caches).hash(of: file) == ContentHash.of(Data("two".utf8)))
    try Data("{".utf8).write(to: store)
    #expect(try FileHashes(in: training.caches).hash(of: file) == ContentHash.of(Data("two".utf8)))
  }

  @Test("hashes of removed or changed files are dropped, and at most 2,000 are stored")
  func prunedHashes() throws {
    let store = training.caches.appending(path: "file-hashes.json")
    func file(_ name: String) throws -> URL {
      let url = training.folder.url.appending(path: name)
      try Data(name.utf8).write(to: url)
      return url
    }
    func known() throws -> [String: String] {
      try JSONDecoder().decode([String: String].self, from: Data(contentsOf: store))
    }
    func remember(_ files: URL...) throws {
      let hashes = FileHashes(in: training.caches)
      for file in files { _ = try hashes.hash(of: file) }
      try hashes.save()
    }
    let files = try ["kept", "gone", "changed", "a|b"].map(file)
    for file in files { try remember(file) }
    #expect(try known().count == 4)
    try FileManager.default.removeItem(at: files[1])
    try Data("other".utf8).write(to: files[2])
    try remember(try file("new"))
    let paths = try known().keys.map { $0.split(separator: "/").last ?? "" }.sorted()
    #expect(paths.map { $0.prefix { $0 != "|" } }.sorted() == ["a", "kept", "new"])

    var many: [String: String] = [:]
    let kept = try #require(try known().first { $0.key.contains("kept") })
    let rest = kept.key.drop { $0 != "|" }
    let folder = training.folder.url.appending(path: "many")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for number in 0..<FileHashes.limit + 50 {
      let link = folder.appending(path: "\(number)")
      try FileManager.default.linkItem(at: files[0], to: link)
      many["\(link.path)\(rest)"] = kept.value
    }
    // Making the links has changed the file's status time.
    var status = stat()
    stat(files[0].path, &status)
    let changed = "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
    many = Dictionary(
      uniqueKeysWithValues: many.map { key, hash in
        (key[...(key.lastIndex(of: "|") ?? key.startIndex)] + changed, hash)
      })
    try JSONEncoder().encode(many).write(to: store)
    try remember(try file("newest"))
    #expect(try known().count == FileHashes.limit)
    #expect(try known().keys.contains { $0.contains("newest") })
  }

  @Test("lists of texts have different hashes unless they are equal")
  func lists() {
    #expect(ContentHash.of(["ab", "c"]) != ContentHash.of(["a", "bc"]))
    #expect(ContentHash.of(["a"]) != ContentHash.of(["a", ""]))
    #expect(ContentHash.of(["a", "b"]) == ContentHash.of(["a", "b"]))
  }
}
