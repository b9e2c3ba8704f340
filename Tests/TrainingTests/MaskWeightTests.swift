import Datasets
import Files
import Foundation
import Images
import Testing

@testable import Training

@Suite("Masks that leave nothing to train on")
struct MaskWeightTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  /// Writes an image of 100 x 400 pixels and a mask that is white in some rows.
  private func write(_ name: String, whiteRows: Range<Int>) throws {
    try dog.write(
      DatasetFixture.grey(100, width: 100, height: 400) + Data(name.utf8), to: "\(name).png")
    try dog.write("a dog", to: "\(name).txt")
    let pixels = (0..<400).flatMap { row in
      [UInt8](repeating: whiteRows.contains(row) ? 255 : 0, count: 300)
    }
    let mask = try RGBImage(width: 100, height: 400, pixels: pixels)
    try dog.write(PNGEncoder.encode(mask), to: "\(name)-mask.png")
  }

  private func problems(_ change: (inout TrainingConfig) -> Void = { _ in }) throws -> [String] {
    var config = TrainingConfig()
    change(&config)
    return try dog.load().maskProblems(config.datasetOptions, buckets: AspectBuckets(square: 64))
      .map(\.description)
  }

  @Test("a mask is measured in the crop, and the message tells an empty one from one cut off")
  func crop() throws {
    try write("empty", whiteRows: 0..<0)
    try write("outside", whiteRows: 0..<100)
    try write("inside", whiteRows: 150..<250)
    try write("half", whiteRows: 200..<400)
    #expect(
      try problems() == [
        "empty.png (0 %): the mask leaves less than 1 % of the image at full weight; what counts must be "
          + "white, or opaque in a transparent image",
        "outside.png (0 %): what the mask leaves is cut off, so that less than 1 % of the crop has "
          + "full weight; a focus point moves the crop",
      ])
    #expect(try problems { $0.crop = .random }.count == 1)
    #expect(try problems { $0.masks = false } == [])
    #expect(try problems { $0.maskFloor = 1 } == [])
    #expect(try problems { $0.maskFloor = 0 }.count == 2)
    try dog.write("a dog\nfocus: 0.5 0", to: "outside.txt")
    #expect(try problems().count == 1)
  }

  @Test("a dataset whose masks are all black in the crop is refused if black has no weight")
  func nothing() throws {
    try write("1", whiteRows: 0..<0)
    try write("2", whiteRows: 0..<100)
    do {
      _ = try problems { $0.maskFloor = 0 }
      Issue.record("not refused")
    } catch let error as DatasetError {
      #expect(error.kind == .badData)
      #expect(
        dog.short(error.description)
          == "All images in dog have masks that are black where training sees them (1.png, 2.png) and "
          + "`mask_floor` is 0, so nothing would be trained; make white what counts, raise "
          + "`mask_floor`, or set `masks: false`.")
    }
    #expect(
      try problems() == [
        "1.png (0 %), 2.png (0 %): all masks are black where training sees them, so every pixel "
          + "weighs 0.1 (`mask_floor`) and training sees the whole images; make white what counts, or "
          + "set `masks: false`"
      ])
    #expect(try problems { $0.maskFloor = 1 } == [])
    #expect(
      try problems { config in
        config.masks = false
        config.maskFloor = 0
      } == [])
    try dog.writeImages("3.png")
    #expect(try problems { $0.maskFloor = 0 }.count == 2)
  }

  @Test("a transparent image counts where it is opaque")
  func transparent() throws {
    try dog.write(DatasetFixture.transparent, to: "1.png")
    #expect(try problems() == [])
  }
}
