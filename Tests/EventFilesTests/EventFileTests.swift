import Foundation
import TestSupport
import Testing

@testable import EventFiles

/// Event files, compared with those of TensorBoard's own writer.
@Suite struct EventFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("CRC-32C has the values of RFC 3720")
  func checksums() throws {
    struct Vector: Decodable {
      let bytes: [UInt8]
      let crc32c: UInt32
    }
    let vectors = try JSONDecoder().decode(
      [Vector].self, from: Data(contentsOf: golden.appending(path: "crc32c.json")))
    #expect(vectors.count > 5)
    for vector in vectors { #expect(CRC32C(Data(vector.bytes)).value == vector.crc32c) }
    #expect(CRC32C(Data("123456789".utf8)).value == 0xe306_9283)
  }

  @Test("A file has the bytes of TensorBoard's own record writer")
  func bytes() throws {
    let time = Date(timeIntervalSince1970: 1_700_000_000.25)
    let file = try EventFile(
      in: directory.url.appending(path: "a/run-1"), startingAt: 7, time: time)
    let text = "| option | value |\n| --- | --- |\n| subject | `größe` |"
    let picture =
      Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) + Data(0...255) + Data(0...255)
    try file.append([.text("settings", markdown: text)], step: 7, time: time)
    try file.append(
      [.scalar("loss/train", 0.125), .scalar("learning_rate/unet", 3e-4)], step: 8, time: time)
    try file.append(
      [.image("samples", png: picture, width: 300, height: 2)], step: 300, time: time)
    try file.append([.scalar("loss/train", -0.0)], step: 1 << 40, time: time)
    try file.sync()
    let expected = try Data(contentsOf: golden.appending(path: "events"))
    #expect(try Data(contentsOf: file.url) == expected)
    #expect(file.url.lastPathComponent.hasPrefix("events.out.tfevents.1700000000."))
  }

  @Test("The name of a new file comes after all others, even if the clock was set back")
  func names() throws {
    let times = [1_700_000_000.0, 1_700_000_000, 5, 1_800_000_000]
    let names = try times.map {
      try EventFile(in: directory.url, startingAt: 0, time: Date(timeIntervalSince1970: $0))
        .url.lastPathComponent
    }
    #expect(names == names.sorted() && Set(names).count == 4)
  }

  private var golden: URL { Repository.golden.appending(path: "events") }
}
