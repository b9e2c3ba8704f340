import Foundation
import NN
import TestSupport
import Testing
import Torch

@Suite("Loading a module is strict both ways")
struct LoadTests {
  private let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private func tensors(_ names: [String: [Int]]) throws -> [(name: String, tensor: Tensor)] {
    try names.map { (name: $0.key, tensor: try .ones($0.value)) }
  }

  @Test("Missing, unexpected and misshapen tensors are listed in one sentence")
  func mismatch() throws {
    let linear = Linear(2, 3)
    let url = try workshop.safetensors(
      tensors(["weight": [2, 3], "extra": [1], "another": []]))
    let expected =
      "\(url.path) does not fit this model's configuration: 1 missing (bias), "
      + "2 unexpected (another, extra), 1 of another shape (weight: [2, 3] instead of [3, 2]); "
      + "use the weights and the config.json of one model."
    #expect(weightsError { try linear.load(from: WeightSource(file: url)) } == expected)
    #expect(weightsError { try linear.check(WeightSource(file: url)) } == expected)
    #expect(weightsError { _ = try linear.weight.tensor } != nil, "nothing is loaded partly")
  }

  @Test("A long list is cut, and its length is given")
  func longList() throws {
    let names = (0..<25).map { "tensor\($0 + 10)" }
    let url = try workshop.safetensors(
      tensors(Dictionary(uniqueKeysWithValues: names.map { ($0, [1]) })))
    let message = weightsError { try Identity().load(from: WeightSource(file: url)) }
    #expect(message?.contains("25 unexpected (tensor10, tensor11, ") == true)
    #expect(message?.contains("tensor19, ...)") == true)
    #expect(message?.contains("tensor20") == false)
  }

  @Test("Weights can be read in another type")
  func conversion() throws {
    let linear = Linear(2, 3)
    try workshop.fill(linear, seed: 4, dtype: .bfloat16)
    #expect(try linear.weight.tensor.dtype == .bfloat16)
    #expect(
      try linear.weight.tensor.floats() == Generator(seed: 4).normal([3, 2]).to(.bfloat16).floats())
  }

  @Test("Weights in the file's own type are the file's memory, not a copy")
  func mapped() throws {
    let linear = Linear(1, 2, bias: false)
    let url = try workshop.safetensors([("weight", try Tensor([Float(1), 2], shape: [2, 1]))])
    try linear.load(from: WeightSource(file: url), dtype: .float32)
    let file = try FileHandle(forWritingTo: url)
    try file.seek(toOffset: file.seekToEnd() - 4)
    try file.write(contentsOf: withUnsafeBytes(of: Float(9)) { Data($0) })
    try file.close()
    #expect(try linear.weight.tensor.floats() == [1, 9])
  }

  @Test("Of weights that are converted, no page of the file stays in memory")
  func releasedPages() throws {
    let shape = [512, 1024]
    let linear = Linear(shape[1], shape[0])
    let weight = try Generator(seed: 1).normal(shape)
    let url = try workshop.safetensors([("weight", weight), ("bias", Tensor.ones([shape[0]]))])
    let source = try WeightSource(file: url)
    try linear.load(from: source, dtype: .bfloat16)
    let converted = try linear.weight.tensor.bytes()
    #expect(try converted == weight.to(.bfloat16).bytes())
    #expect(try residentBytes(of: url) < 256 << 10)
    // The same file again, now as views: released pages are read again.
    try linear.load(from: source, dtype: .float32)
    #expect(try linear.weight.tensor.bytes() == weight.bytes())
    #expect(try residentBytes(of: url) > 1 << 20)
    // Views keep their values when another copy is made and the pages are released.
    let views = try linear.weight.tensor
    try Linear(shape[1], shape[0]).load(from: source, dtype: .bfloat16)
    #expect(try views.bytes() == weight.bytes())
  }

  @Test("Unaligned, transposed and divided tensors are released, too, and load the same values")
  func releasedViews() throws {
    let (rows, columns) = (512, 1024)
    let values = try Generator(seed: 2).normal([rows, columns])
    let bytes = try values.bytes()
    var header =
      #"{"weight":{"dtype":"F32","shape":[512,1024],"data_offsets":[0,2097152]}}"#
    while (header.utf8.count + 8) % 4 != 1 { header += " " }
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    let url = try workshop.file(length + Data(header.utf8) + Data(bytes), "odd.safetensors")
    let source = try WeightSource(file: url)
    let unaligned = Linear(columns, rows, bias: false)
    try unaligned.load(from: source, dtype: .float32)
    #expect(try unaligned.weight.tensor.bytes() == bytes)
    #expect(try residentBytes(of: url) < 256 << 10)

    let aligned = try workshop.safetensors([("weight", values)], "aligned.safetensors")
    let transposed = try WeightSource(file: aligned).mapped { [($0, .transposed)] }
    let linear = Linear(rows, columns, bias: false)
    try linear.load(from: transposed, dtype: .float32)
    #expect(try linear.weight.tensor.bytes() == values.transpose(0, 1).bytes())
    #expect(try residentBytes(of: aligned) < 256 << 10)

    let parts = try WeightSource(file: aligned).mapped { _ in
      (0..<2).map { (name: "halves.\($0).weight", view: .rows(part: $0, of: 2)) }
    }
    let pair = Halves(columns, rows / 2)
    try pair.load(from: parts, dtype: .bfloat16)
    for (index, half) in pair.halves.enumerated() {
      let expected = try values.narrow(dim: 0, start: index * rows / 2, length: rows / 2)
      #expect(try half.weight.tensor.bytes() == expected.to(.bfloat16).bytes())
    }
    #expect(try residentBytes(of: aligned) < 256 << 10)
  }

  private final class Halves: Module {
    let halves: [Linear]

    init(_ inputs: Int, _ outputs: Int) {
      halves = (0..<2).map { _ in Linear(inputs, outputs, bias: false) }
    }
  }

  @Test("Mapped pages leave memory when other values take the place of a parameter's")
  func replacedPages() throws {
    let values = try normal(256, 256, 3, 3, seed: 3)
    let url = try workshop.safetensors([("weight", values)], "replaced.safetensors")
    let conv = Conv2d(256, 256, kernelSize: 3, bias: false)
    try conv.load(from: WeightSource(file: url))
    let bytes = try conv.weight.tensor.bytes()
    #expect(try residentBytes(of: url) > 2 << 20)
    try Block(conv).setChannelsLast()
    #expect(try conv.weight.tensor.bytes() == bytes)
    #expect(try residentBytes(of: url) < 256 << 10)
  }

  @Test("Reading a neighbour brings no released page back")
  func releasedNeighbours() throws {
    let linear = Linear(512, 512, bias: false)
    let tensors = try (0..<16).map { index in
      ("\(index).weight", try normal(512, 512, seed: UInt64(index)))
    }
    let url = try workshop.safetensors(tensors, "neighbours.safetensors")
    let source = try WeightSource(file: url)
    for index in stride(from: 1, to: 16, by: 2) {
      try linear.load(from: source.below("\(index)."), dtype: .bfloat16)
    }
    var sum = 0.0
    for index in stride(from: 0, to: 16, by: 2) {
      sum += try source.tensor("\(index).weight").abs().sum().item()
    }
    #expect(sum > 0)
    // The even half, and the pages that both halves share.
    #expect(try residentBytes(of: url) < (8 << 20) + (128 << 10))
  }

  private final class Block: Module {
    let conv: Conv2d

    init(_ conv: Conv2d) { self.conv = conv }
  }

  /// Bytes of this process's mappings of a file that are in memory.
  private func residentBytes(of url: URL) throws -> Int {
    // `String(contentsOfFile:)` returns only the beginning of this file.
    let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
    let maps = String(decoding: try #require(try file.readToEnd()), as: UTF8.self)
    let folder = url.deletingLastPathComponent().lastPathComponent
    var isFile = false
    var kilobytes = 0
    for line in maps.split(separator: "\n") {
      let words = line.split(separator: " ")
      // Each mapping begins with a line of addresses and path.
      if words.count >= 5, words[0].contains("-") {
        isFile = line.hasSuffix("/\(folder)/\(url.lastPathComponent)")
      } else if isFile, words[0] == "Rss:" {
        kilobytes += Int(words[1]) ?? 0
      }
    }
    return kilobytes << 10
  }

  @Test("Mapped memory stays while a tensor of it is used")
  func lifetime() throws {
    let url = try workshop.safetensors([("x", try normal(1000, seed: 1))])
    let tensor = try SafetensorsFile(contentsOf: url).tensor("x").narrow(
      dim: 0, start: 500, length: 500)
    try FileManager.default.removeItem(at: url)
    #expect(try tensor.floats() == Array(normal(1000, seed: 1).floats()[500...]))
  }

  @Test("A single file is preferred to an index, and both to the fp16 variant")
  func variants() throws {
    let folder = workshop.url("unet")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func loaded() throws -> Float {
      try WeightSource(directory: folder, name: "model").tensor("x").floats()[0]
    }
    #expect(
      weightsError { _ = try loaded() }
        == "\(folder.path) contains no model.safetensors, no model.fp16.safetensors and no sharded "
        + "index of either; download the model's weights again.")
    let index = Data(#"{"metadata": {}, "weight_map": {"x": "shard.safetensors"}}"#.utf8)
    _ = try workshop.file(index, "unet/model.safetensors.index.fp16.json")
    _ = try workshop.safetensors([("x", vector(1))], "unet/shard.safetensors")
    #expect(try loaded() == 1)
    _ = try workshop.safetensors([("x", vector(2).to(.float16))], "unet/model.fp16.safetensors")
    #expect(try loaded() == 2)
    _ = try workshop.file(index, "unet/model.safetensors.index.json")
    #expect(try loaded() == 1)
    _ = try workshop.safetensors([("x", vector(3))], "unet/model.safetensors")
    #expect(try loaded() == 3)
  }

  @Test("A sharded model loads from all of its shards")
  func shards() throws {
    _ = try workshop.safetensors([("weight", Tensor.ones([3, 2]))], "model-00001.safetensors")
    _ = try workshop.safetensors([("bias", vector(1, 2, 3))], "model-00002.safetensors")
    let index = try workshop.file(
      Data(
        #"{"weight_map": {"weight": "model-00001.safetensors", "bias": "model-00002.safetensors"}}"#
          .utf8), "model.safetensors.index.json")
    let source = try WeightSource(
      directory: index.deletingLastPathComponent(), name: "model")
    let linear = Linear(2, 3)
    try linear.load(from: source)
    #expect(try linear(vector(1, 1)).floats() == [3, 4, 5])
  }

  @Test("A broken index names the file that is wrong")
  func brokenIndex() throws {
    let name = "model.safetensors.index.json"
    let index = try workshop.file(Data("{".utf8), name)
    let folder = index.deletingLastPathComponent()
    func load() throws { _ = try WeightSource(directory: folder, name: "model") }
    #expect(
      weightsError(load)?.hasPrefix(
        "\(index.path) is damaged or of another format: it lists no shards") == true)
    _ = try workshop.file(Data(#"{"weight_map": {"x": "gone.safetensors"}}"#.utf8), name)
    let gone = workshop.url("gone.safetensors")
    #expect(
      weightsError(load)
        == "\(gone.path) cannot be read (No such file or directory); check that it exists "
        + "and is readable.")
    _ = try workshop.safetensors([("y", vector(1))], "gone.safetensors")
    #expect(
      weightsError(load)
        == "\(gone.path) contains no tensor named x; use the file that belongs here.")
  }

  @Test("Tensors can be renamed and left out")
  func renaming() throws {
    let url = try workshop.safetensors([("old.a", vector(1)), ("old.b", vector(2))])
    let source = try WeightSource(file: url).without(["old.b"]).renamed { String($0.dropFirst(4)) }
    #expect(source.names == ["a"])
    #expect(source.shape(of: "a") == [1])
    #expect(source.shape(of: "b") == nil)
    #expect(try source.tensor("a").floats() == [1])
    #expect(weightsError { _ = try source.tensor("b") }?.contains("no tensor named b") == true)
  }
}
