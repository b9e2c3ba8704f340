import Foundation
import NN
import Testing
import Torch

@Suite("Writing safetensors files")
struct SafetensorsWriterTests {
  private let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test("Every element type comes back, bit for bit", arguments: DType.allCases)
  func roundTrip(dtype: DType) throws {
    let tensor = try normal(3, 5, seed: 1).to(dtype)
    let url = try workshop.safetensors([("x", tensor), ("view", tensor.transpose(0, 1))])
    let file = try SafetensorsFile(contentsOf: url)
    #expect(try file.tensor("x").bytes() == tensor.bytes())
    #expect(try file.tensor("x").dtype == dtype)
    #expect(try file.tensor("view").shape == [5, 3])
    #expect(try file.tensor("view").bytes() == tensor.transpose(0, 1).bytes())
  }

  @Test("Scalars and tensors without elements come back")
  func scalarsAndEmpties() throws {
    let url = try workshop.safetensors([
      ("scalar", .full([], value: 7)), ("empty", .zeros([0, 3])), ("none", .zeros([0])),
    ])
    let file = try SafetensorsFile(contentsOf: url)
    #expect(try file.tensor("scalar").item() == 7)
    #expect(file.shape(of: "scalar") == [])
    #expect(try file.tensor("empty").shape == [0, 3])
    #expect(try file.tensor("none").floats() == [])
    let nothing = try SafetensorsFile(contentsOf: workshop.safetensors([], "none.safetensors"))
    #expect(nothing.names == [])
  }

  @Test("Free text comes back with any characters")
  func metadata() throws {
    let metadata = ["format": "pt", "config": #"{"rank": 4, "path": "a/b"}"#, "é\n\"": "🐕 \u{7}"]
    let url = workshop.url("x.safetensors")
    try SafetensorsWriter.write([("x", vector(1))], metadata: metadata, to: url)
    #expect(try SafetensorsFile(contentsOf: url).metadata == metadata)
    #expect(try SafetensorsFile(contentsOf: url).names == ["x"])
  }

  @Test("The same content gives the same bytes in any order")
  func deterministic() throws {
    let names = (0..<50).map { "layer.\($0).weight" }
    let tensors = try names.enumerated().map {
      (name: $1, tensor: try normal(2, 3, seed: UInt64($0)).to($0 % 3 == 0 ? .float16 : .float32))
    }
    let metadata = Dictionary(uniqueKeysWithValues: names.map { ($0, "\($0)!") })
    let first = workshop.url("first")
    let second = workshop.url("second")
    try SafetensorsWriter.write(tensors, metadata: metadata, to: first)
    try SafetensorsWriter.write(tensors.reversed(), metadata: metadata, to: second)
    #expect(try Data(contentsOf: first) == Data(contentsOf: second))
  }

  @Test("The header ends on eight bytes and wider types go first, so that all are aligned")
  func alignment() throws {
    struct Entry: Decodable { let data_offsets: [Int] }
    let tensors: [(name: String, tensor: Tensor)] = [
      ("a", try .ones([3], dtype: .uint8)), ("b", try .ones([1], dtype: .float16)),
      ("c", try .ones([1], dtype: .float32)), ("d", try .ones([1], dtype: .int64)),
    ]
    let bytes = try Data(contentsOf: workshop.safetensors(tensors))
    let length = Int(bytes[0]) + Int(bytes[1]) << 8
    #expect(length % 8 == 0)
    let header = try JSONDecoder().decode([String: Entry].self, from: bytes[8..<8 + length])
    let offsets = tensors.map { header[$0.name]?.data_offsets }
    #expect(offsets == [[14, 17], [12, 14], [8, 12], [0, 8]])
  }

  @Test("An existing file is replaced")
  func replaced() throws {
    _ = try workshop.safetensors([("x", normal(100, seed: 1))])
    let url = try workshop.safetensors([("y", vector(1))])
    #expect(try SafetensorsFile(contentsOf: url).names == ["y"])
  }

  @Test("If no file can be created, the error names it")
  func unwritable() throws {
    let url = workshop.url("no/such/folder.safetensors")
    #expect(
      weightsError { try SafetensorsWriter.write([("x", vector(1))], to: url) }
        == "\(url.path) cannot be written (No such file or directory); check the path or "
        + "choose another place.")
    let folder = url.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(
      weightsError { try SafetensorsWriter.write([("x", vector(1))], to: folder) }
        == "\(folder.path) cannot be written (Is a directory); check the path or choose "
        + "another place.")
  }

  @Test(
    "A full disk is reported, and no partial file stays",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDisk() throws {
    let url = workshop.url("full.safetensors")
    try FileManager.default.createSymbolicLink(
      at: url, withDestinationURL: URL(filePath: "/dev/full"))
    #expect(
      weightsError { try SafetensorsWriter.write([("x", normal(1000, seed: 1))], to: url) }
        == "\(url.path) cannot be written (No space left on device); free some space or "
        + "choose another place.")
    #expect(throws: (any Error).self) {
      try FileManager.default.attributesOfItem(atPath: url.path)
    }
  }
}
