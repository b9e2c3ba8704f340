import Foundation
import NN
import Testing
import Torch

@Suite("Every damaged safetensors file is refused in one sentence that names it")
struct SafetensorsReaderTests {
  private let workshop: Workshop

  init() throws { workshop = try Workshop() }

  /// The problem in the error's message, between the file's name and the advice.
  private func problem(_ url: URL) -> String? {
    let start = "\(url.path) is damaged or of another format: "
    let end = "; download or copy it again."
    guard let text = weightsError({ _ = try SafetensorsFile(contentsOf: url) }),
      text.hasPrefix(start), text.hasSuffix(end), !text.contains("\n")
    else { return nil }
    return String(text.dropFirst(start.count).dropLast(end.count))
  }

  private func problem(header: String, size: Int = 8) throws -> String? {
    problem(try workshop.file(header: header, size: size))
  }

  private func entry(
    _ name: String = "x", dtype: String = "F32", shape: String = "[2]", offsets: String = "[0, 8]"
  ) -> String {
    #""\#(name)": {"dtype": "\#(dtype)", "shape": \#(shape), "data_offsets": \#(offsets)}"#
  }

  @Test("A whole file made by hand is read")
  func whole() throws {
    let url = try workshop.file(
      header: "{\(entry()), \"__metadata__\": {\"format\": \"pt\"}}   ", size: 8)
    let file = try SafetensorsFile(contentsOf: url)
    #expect(file.names == ["x"])
    #expect(file.metadata == ["format": "pt"])
    #expect(try file.tensor("x").floats() == [0, 0])
    #expect(file.shape(of: "y") == nil)
    #expect(
      weightsError { _ = try file.tensor("y") }
        == "\(url.path) contains no tensor named y; use the file that belongs here.")
  }

  @Test("A tensor that is not aligned in the file is read too")
  func misaligned() throws {
    var url = try workshop.file(header: "{\(entry(shape: "[1]", offsets: "[0, 4]"))} ", size: 4)
    for _ in 0..<4 {
      #expect(try SafetensorsFile(contentsOf: url).tensor("x").floats() == [0])
      let header = try String(decoding: Data(contentsOf: url)[8...].dropLast(4), as: UTF8.self)
      url = try workshop.file(header: header + " ", size: 4)
    }
  }

  @Test("No file, a folder, an empty file")
  func noFile() throws {
    let gone = workshop.url("gone.safetensors")
    #expect(
      weightsError { _ = try SafetensorsFile(contentsOf: gone) }
        == "\(gone.path) cannot be read (No such file or directory); check that it exists "
        + "and is readable.")
    let folder = gone.deletingLastPathComponent()
    #expect(
      weightsError { _ = try SafetensorsFile(contentsOf: folder) }
        == "\(folder.path) cannot be read (it is not a file); check that it exists "
        + "and is readable.")
    #expect(
      problem(try workshop.file(Data()))
        == "it has 0 bytes, fewer than the length of a header")
  }

  @Test("A file that is cut off anywhere", arguments: 0..<10)
  func truncated(tenths: Int) throws {
    let url = try workshop.safetensors(
      [("a", normal(20, seed: 1)), ("b", normal(3, 3, seed: 2).to(.float16))])
    let bytes = try Data(contentsOf: url)
    let cut = try workshop.file(bytes.prefix(bytes.count * tenths / 10))
    #expect(problem(cut) != nil)
    #expect(problem(try workshop.file(bytes.dropLast())) != nil)
    #expect(problem(try workshop.file(bytes + Data([0]))) != nil)
  }

  @Test("A header that ends after the file, or is longer than the format allows")
  func headerLength() throws {
    func claiming(_ size: UInt64) throws -> String? {
      problem(
        try workshop.file(withUnsafeBytes(of: size.littleEndian) { Data($0) } + Data("{}".utf8)))
    }
    #expect(try claiming(3) == "its header claims 3 bytes, but the file ends after 2")
    #expect(try claiming(100_000_000)?.hasPrefix("its header claims 100000000 bytes, but") == true)
    for size in [100_000_001, UInt64(Int.max), .max] {
      #expect(
        try claiming(size) == "its header claims \(size) bytes, more than the format allows")
    }
  }

  @Test(
    "A header that does not follow the format",
    arguments: [
      "", "{", "[]", "null", "{\"x\": 1}", "{\"x\": {}}", "{\"__metadata__\": {\"a\": 1}}",
      "{\"x\": {\"dtype\": \"F32\", \"shape\": [2]}}",
      "{\"x\": {\"dtype\": \"F32\", \"shape\": \"[2]\", \"data_offsets\": [0, 8]}}",
      "{\"x\": {\"dtype\": \"F32\", \"shape\": [99999999999999999999], \"data_offsets\": [0, 8]}}",
      "{\"x\": {\"dtype\": \"F32\", \"shape\": [2.5], \"data_offsets\": [0, 8]}}",
      "\u{0}\u{1}", String(repeating: "[", count: 100_000),
    ])
  func notTheFormat(header: String) throws {
    #expect(try problem(header: header) == "its header is not the JSON of the format")
  }

  @Test("An element type that is not read is not called damage")
  func dtype() throws {
    let url = try workshop.file(header: "{\(entry(dtype: "F8_E4M3"))}", size: 8)
    #expect(
      weightsError { _ = try SafetensorsFile(contentsOf: url) }
        == "\(url.path) cannot be read: x has the element type F8_E4M3; convert it to fp16, bf16 or "
        + "fp32 with the program that made it.")
  }

  @Test(
    "A shape that no tensor has",
    arguments: [
      "[-2]", "[-1, -2]", "[9223372036854775807, 2]", "[4294967296, 4294967296, 0]",
      "[-9223372036854775808]",
    ])
  func shape(shape: String) throws {
    #expect(
      try problem(header: "{\(entry(shape: shape))}")?.hasPrefix("x has the impossible shape")
        == true)
  }

  @Test("Offsets that are no range, or do not match the shape")
  func offsets() throws {
    for offsets in ["[8, 0]", "[-8, 0]", "[0]", "[0, 4, 8]", "[]"] {
      #expect(
        try problem(header: "{\(entry(offsets: offsets))}") == "the offsets of x are \(offsets)")
    }
    #expect(
      try problem(header: "{\(entry(offsets: "[0, 12]"))}")
        == "x ends at byte 12 of its data, which has 8")
    #expect(
      try problem(header: "{\(entry(shape: "[3]"))}")
        == "x of shape [3] needs 12 bytes, but its offsets are [0, 8]")
    #expect(
      try problem(header: "{\(entry(shape: "[]"))}")
        == "x of shape [] needs 4 bytes, but its offsets are [0, 8]")
  }

  @Test("Tensors that overlap, or leave bytes between them or at the end")
  func coverage() throws {
    let overlapping = "{\(entry("a")), \(entry("b", offsets: "[4, 12]"))}"
    #expect(
      try problem(header: overlapping, size: 12) == "the bytes of b overlap those of another tensor"
    )
    let same = "{\(entry("a")), \(entry("b"))}"
    #expect(try problem(header: same)?.hasSuffix("overlap those of another tensor") == true)
    let gap = "{\(entry("a")), \(entry("b", offsets: "[12, 20]"))}"
    #expect(
      try problem(header: gap, size: 20) == "the bytes before b belong to no tensor")
    #expect(
      try problem(header: "{\(entry())}", size: 9)
        == "its tensors take 8 bytes, but 9 follow the header")
    #expect(
      try problem(header: "{}", size: 1) == "its tensors take 0 bytes, but 1 follow the header")
  }

  @Test("A name that occurs twice")
  func duplicate() throws {
    #expect(
      try problem(header: "{\(entry("a")), \(entry("a", offsets: "[8, 16]"))}", size: 16) != nil)
  }
}
