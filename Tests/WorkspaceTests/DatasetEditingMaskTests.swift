import Foundation
import Images
import TestSupport
import Testing

@testable import Datasets

@Suite("Masks that are edited")
struct DatasetEditingMaskTests {
  private static let photos = Repository.shared("photos/exif-orientation")

  private let dog: EditedDataset

  init() throws {
    dog = try EditedDataset()
    try dog.writeImages("1.png", "2.png")
  }

  private var file: URL { dog.url.appending(path: "1-mask.png") }

  @Test(
    "a mask of the size or the shape of its image is stored as it is and read",
    arguments: [(8, 6), (16, 12), (4, 3), (9, 7)])
  func stored(width: Int, height: Int) throws {
    let mask = try EditedDataset.grey(200, width: width, height: height)
    let state = try dog.editor.setMask(mask, of: "1.png")
    #expect(state == MaskState(mask: .file(file), removed: []))
    #expect(try Data(contentsOf: file) == mask)
    #expect(try dog.image("1.png").mask == .file(file))
    #expect(try dog.role("1-mask.png") == .mask)
    #expect(try dog.image("2.png").mask == nil)
    #expect(try dog.survey().unusable.isEmpty)
  }

  @Test(
    "a mask of another shape, other content and a damaged image are refused, the old mask stays")
  func refused() throws {
    let mask = try EditedDataset.grey(200)
    try dog.editor.setMask(mask, of: "1.png")
    let turned = try EditedDataset.grey(0, width: 6, height: 8)
    for (data, expected) in [
      (
        turned,
        "The mask of 1.png has 6 x 8 pixels, but its image 1.png has 8 x 6; save the mask in the "
          + "image's size, or in its shape."
      ),
      (
        Data("white".utf8),
        "The mask of 1.png is not an image that can be read: its content is text; convert it to PNG "
          + "or JPEG or remove it."
      ),
      (Data(), "The mask of 1.png is empty (0 bytes); copy it again or remove it."),
      (mask.dropLast(20), "The mask of 1.png is truncated"),
    ] {
      let found = dog.sentence { try dog.editor.setMask(Data(data), of: "1.png") }
      #expect(found.hasPrefix(expected), "\(found)")
    }
    #expect(try Data(contentsOf: file) == mask)
    try dog.block("1-mask.png")
    #expect(
      dog.sentence { try dog.editor.setMask(EditedDataset.grey(), of: "1.png") }
        .contains("cannot be written"))
    #expect(try Data(contentsOf: file) == mask)
  }

  @Test("an image of another format becomes a PNG with the weights that training would read")
  func converted() throws {
    // 8 x 6 pixels, the left half white.
    var bitmap: [UInt8] = Array("BM".utf8) + [198, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0]
    bitmap += [40, 0, 0, 0, 8, 0, 0, 0, 6, 0, 0, 0, 1, 0, 24, 0] + Array(repeating: 0, count: 24)
    for _ in 0..<6 {
      bitmap += Array(repeating: 255, count: 12) + Array(repeating: 0, count: 12)
    }
    try dog.editor.setMask(Data(bitmap), of: "1.png")
    #expect(try ImageDecoder.header(contentsOf: file).format == .png)
    let row: [UInt8] = [255, 255, 255, 255, 0, 0, 0, 0]
    #expect(
      try ImageDecoder.decodeMask(contentsOf: file).pixels
        == Array(repeatElement(row, count: 6).joined()))
  }

  @Test("a removed mask goes to the trash; one of another name stays and is shown")
  func removed() throws {
    #expect(
      try dog.editor.setMask(nil, of: "1.png") == MaskState(mask: nil, removed: []))
    let mask = try EditedDataset.grey(200)
    try dog.editor.setMask(mask, of: "1.png")
    #expect(
      try dog.editor.setMask(nil, of: "1.png") == MaskState(mask: nil, removed: ["1-mask.png"]))
    #expect(
      FileManager.default.contents(atPath: dog.url.appending(path: ".trash/1/1-mask.png").path)
        == mask)
    #expect(try dog.role("1-mask.png") == nil)
    try dog.write(mask, to: "1_mask.png")
    #expect(
      try dog.editor.setMask(nil, of: "1.png")
        == MaskState(mask: .file(dog.url.appending(path: "1_mask.png")), removed: []))
  }

  @Test(
    "masks of other names move to the trash when a new mask takes their place",
    arguments: ["1-mask.jpg", "1_mask.png", "1.mask.png", "mask_1.png", "masks/1.png"])
  func others(path: String) throws {
    try dog.write(EditedDataset.grey(100), to: path)
    let state = try dog.editor.setMask(EditedDataset.grey(200), of: "1.png")
    #expect(state == MaskState(mask: .file(file), removed: [path]))
    #expect(dog.text(".trash/1/\(path)") != nil)
    #expect(try dog.survey().dataset?.problems.contains { $0.files == [path] } == false)
  }

  @Test("a mask that would not be that of the image alone is refused")
  func names() throws {
    try dog.writeImages("1.jpg", "iron-mask.png")
    try dog.write("an iron mask", to: "iron-mask.txt")
    let mask = try EditedDataset.grey(200)
    #expect(
      dog.sentence { try dog.editor.setMask(mask, of: "1.png") }
        == "1.png and 1.jpg would share 1-mask.png, since only their extensions differ; rename one of "
        + "them.")
    #expect(
      dog.sentence { try dog.editor.setMask(mask, of: "iron-mask.png") }
        == "iron-mask.png can have no mask, since its own name is that of a mask; rename it.")
    try dog.write("inside", to: "2-mask.png/file")
    #expect(
      dog.sentence { try dog.editor.setMask(mask, of: "2.png") }
        == "dog/2-mask.png exists and belongs to no image; rename or remove it.")
  }

  @Test("a mask that does not fit is replaced by one that does")
  func repaired() throws {
    try dog.write(EditedDataset.grey(0, width: 6, height: 8), to: "1-mask.png")
    #expect(try dog.survey().unusable.map(\.name) == ["1-mask.png"])
    try dog.editor.setMask(EditedDataset.grey(200), of: "1.png")
    #expect(try dog.survey().unusable.isEmpty)
  }

  @Test(
    "the mask of a photograph has the shape of the upright one, whatever its EXIF orientation",
    .enabled(if: photos != nil), arguments: 1...8)
  func orientation(orientation: Int) throws {
    let photos = try #require(Self.photos)
    let name = "Portrait_\(orientation).jpg"
    try dog.write(Data(contentsOf: photos.appending(path: name)), to: name)
    // The left half of the upright photograph counts.
    let pixels = (0..<90).flatMap { _ in
      (0..<60).flatMap { Array(repeating: UInt8($0 < 30 ? 255 : 0), count: 3) }
    }
    let upright = try PNGEncoder.encode(RGBImage(width: 60, height: 90, pixels: pixels))
    try dog.editor.setMask(upright, of: name)
    let image = try dog.image(name)
    #expect((image.size.width, image.size.height) == (1200, 1800))
    var report = try dog.report()
    report.decodeImages { _, _ in }
    #expect(report.unusable.isEmpty)
    let crop = try TrainingImage.crop(
      of: ImageView(
        url: image.url, sha256: "",
        mask: .file(dog.url.appending(path: "Portrait_\(orientation)-mask.png"), sha256: ""),
        geometry: CropGeometry(original: image.size, target: PixelSize(width: 8, height: 12)),
        isMirrored: false))
    let mask = try #require(crop.mask)
    #expect(mask.pixels[0] == 255 && mask.pixels[7] == 0)
    #expect(mask.pixels[88] == 255 && mask.pixels[95] == 0)
    let lying = try EditedDataset.grey(0, width: 90, height: 60)
    #expect(
      dog.sentence { try dog.editor.setMask(lying, of: name) }
        .contains("has 90 x 60 pixels, but its image \(name) has 1200 x 1800"))
  }
}
