import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Files
@testable import Training

@Suite("Tensor cache")
struct TensorCacheTests {
  private let folder: TemporaryDirectory
  private let cache: TensorCache
  private let key: String
  private let file: URL

  @Test("a key contains the threads of a CPU, or the model of a GPU and the kind of its kernels")
  func arithmetic() throws {
    let descriptions = try [
      Arithmetic(threads: 2), Arithmetic(device: .cpu, threads: 2, deterministic: true),
      Arithmetic(gpu: "NVIDIA H100", deterministic: false),
      Arithmetic(gpu: "NVIDIA H100", deterministic: true),
      Arithmetic(gpu: "NVIDIA H200", deterministic: false),
    ].map(\.description)
    // Written before a GPU's model was part of it, and unchanged.
    #expect(descriptions[0] == "libtorch \(Backend.version), 2 CPU threads")
    #expect(descriptions[1] == descriptions[0])
    #expect(Set(descriptions).count == 4)
  }

  init() throws {
    folder = try TemporaryDirectory()
    cache = TensorCache(.latents, in: folder.url, Arithmetic(threads: 1))
    key = cache.key(["something"])
    file = cache.url(key)
    let mean = try Tensor((0..<24).map { Float($0) / 3 }, shape: [2, 3, 4])
    let count = try Tensor([Int64(-7)], shape: [1])
    try cache.store(["mean": mean, "count": count], key)
  }

  @Test("tensors of any memory layout are read as they were written")
  func roundTrip() throws {
    let kept = try #require(cache.tensors(key))
    #expect(kept.keys.sorted() == ["count", "mean"])
    #expect(kept["mean"]?.shape == [2, 3, 4] && kept["mean"]?.dtype == .float32)
    #expect(try kept["count"]?.int64s() == [-7])
    let turned = try #require(kept["mean"]).transpose(0, 2)
    try cache.store(["mean": turned], key)
    #expect(try cache.tensors(key)?["mean"]?.bytes() == turned.bytes())
    #expect(cache.tensors(cache.key(["something else"])) == nil)
  }

  @Test("any changed bit of the tensors is a miss")
  func flipped() throws {
    let whole = try Data(contentsOf: file)
    let start = 8 + Int(whole[0]) + Int(whole[1]) << 8
    for index in start..<whole.count {
      var damaged = whole
      damaged[index] ^= 1 << (index % 8)
      try damaged.write(to: file)
      #expect(cache.tensors(key) == nil, "byte \(index)")
    }
    try whole.write(to: file)
    #expect(cache.tensors(key) != nil)
  }

  @Test("a file truncated anywhere, or made longer, is a miss")
  func truncated() throws {
    let whole = try Data(contentsOf: file)
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: file)
      #expect(cache.tensors(key) == nil, "\(length) bytes")
    }
    try (whole + [0]).write(to: file)
    #expect(cache.tensors(key) == nil)
  }

  @Test(
    "another shape, type or name in the header is a miss",
    arguments: [
      ("[2,3,4]", "[4,3,2]"), ("\"F32\"", "\"I32\""), ("\"mean\"", "\"moan\""),
      ("\"sha256\":\"", "\"sha257\":\""),
    ])
  func header(old: String, new: String) throws {
    let data = try Data(contentsOf: file)
    var changed = data
    let place = try #require(data.range(of: Data(old.utf8)))
    changed.replaceSubrange(place, with: Data(new.utf8))
    try changed.write(to: file)
    #expect(cache.tensors(key) == nil)
  }

  @Test("an entry renamed to another key is a miss")
  func misplaced() throws {
    let other = cache.key(["something else"])
    try FileManager.default.copyItem(at: file, to: cache.url(other))
    #expect(cache.tensors(other) == nil)
  }

  @Test("a temporary file of an interrupted process is never read")
  func interrupted() throws {
    let whole = try Data(contentsOf: file)
    try FileManager.default.removeItem(at: file)
    let left = file.deletingLastPathComponent().appending(
      path: ".\(file.lastPathComponent).\(CurrentProcess.host).4194305")
    try whole.prefix(100).write(to: left)
    #expect(cache.tensors(key) == nil)
    try cache.store(["mean": .ones([1])], key)
    #expect(cache.tensors(key) != nil)
    #expect(!FileManager.default.fileExists(atPath: left.path))
  }

  @Test("tensors do not depend on the file after they are read")
  func unmapped() throws {
    let kept = try #require(cache.tensors(key))
    let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
    #expect(!maps.contains(file.lastPathComponent))
    #expect(try kept["mean"]?.floats().last == 23 / 3)
  }
}
