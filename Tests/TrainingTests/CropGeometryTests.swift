import Images
import StableDiffusion
import Testing

@testable import Datasets
@testable import Training

@Suite("Crop geometry")
struct CropGeometryTests {
  /// Original size, target size, expected size after scaling, expected top and left.
  struct Case: Sendable {
    let original: PixelSize
    let target: PixelSize
    let resized: PixelSize
    let crop: (top: Int, left: Int)

    init(
      _ original: (Int, Int), in target: (Int, Int), resized: (Int, Int),
      crop: (top: Int, left: Int)
    ) {
      self.original = PixelSize(width: original.0, height: original.1)
      self.target = PixelSize(width: target.0, height: target.1)
      self.resized = PixelSize(width: resized.0, height: resized.1)
      self.crop = crop
    }
  }

  /// The first six are the documented examples at 1024; the others were calculated with exact
  /// fractions in Python: scale = max(tw/w, th/h), floor(side * scale + 1/2), floor(excess / 2).
  static let cases = [
    Case((1920, 1080), in: (1344, 768), resized: (1365, 768), crop: (0, 10)),
    Case((3000, 2000), in: (1216, 832), resized: (1248, 832), crop: (0, 16)),
    Case((1080, 1350), in: (896, 1152), resized: (922, 1152), crop: (0, 13)),
    Case((4000, 3000), in: (1152, 896), resized: (1195, 896), crop: (0, 21)),
    Case((1050, 1080), in: (1024, 1024), resized: (1024, 1053), crop: (14, 0)),
    Case((3000, 4500), in: (832, 1216), resized: (832, 1248), crop: (16, 0)),
    Case((780, 780), in: (1024, 1024), resized: (1024, 1024), crop: (0, 0)),
    Case((507, 904), in: (896, 1152), resized: (896, 1598), crop: (223, 0)),
    Case((943, 4714), in: (896, 1152), resized: (896, 4479), crop: (1663, 0)),
    Case((5366, 5339), in: (64, 64), resized: (64, 64), crop: (0, 0)),
    Case((4205, 3654), in: (512, 512), resized: (589, 512), crop: (0, 38)),
    Case((1710, 1046), in: (512, 512), resized: (837, 512), crop: (0, 162)),
    Case((1373, 1538), in: (1024, 1024), resized: (1024, 1147), crop: (61, 0)),
    Case((3006, 2368), in: (1024, 1024), resized: (1300, 1024), crop: (0, 138)),
    Case((3178, 5227), in: (64, 64), resized: (64, 105), crop: (20, 0)),
  ]

  @Test("scaled size and crop offset are those of an exact calculation", arguments: cases)
  func geometry(_ expected: Case) {
    let geometry = CropGeometry(original: expected.original, target: expected.target)
    #expect(geometry.resized == expected.resized)
    #expect((geometry.cropTop, geometry.cropLeft) == expected.crop)
    #expect(
      SizeConditioning(geometry).timeIds
        == [
          expected.original.height, expected.original.width, expected.crop.top,
          expected.crop.left, expected.target.height, expected.target.width,
        ].map { Float($0) })
  }

  @Test("the crop is inside the scaled image for all sizes and focus points")
  func coverage() {
    let target = PixelSize(width: 64, height: 96)
    let focuses =
      [nil]
      + [-.infinity, -3, 0, 0.3, 1, 9, .nan, .infinity].map { FocusPoint(x: $0, y: 1 - $0) }
    for width in [1, 7, 63, 64, 65, 1000, 6001] {
      for height in [1, 7, 63, 64, 65, 1000, 6001] {
        for focus in focuses {
          let geometry = CropGeometry(
            original: PixelSize(width: width, height: height), target: target, focus: focus)
          for crop in [geometry, geometry.randomlyCropped(seed: 1, epoch: width, image: height)] {
            #expect(crop.cropLeft >= 0 && crop.cropTop >= 0)
            #expect(crop.cropLeft + 64 <= crop.resized.width)
            #expect(crop.cropTop + 96 <= crop.resized.height)
            #expect(crop.resized.width == 64 || crop.resized.height == 96)
          }
        }
      }
    }
  }

  @Test("the scale is the factor of enlargement")
  func scale() {
    let target = PixelSize(width: 1024, height: 1024)
    let small = CropGeometry(original: PixelSize(width: 512, height: 768), target: target)
    #expect(small.scale == 2)
    let large = CropGeometry(original: PixelSize(width: 4096, height: 2048), target: target)
    #expect(large.scale == 0.5)
  }

  @Test(
    "a mirrored crop is as far from the right as it was from the left; twice mirrored, it is equal")
  func mirrored() {
    for x in stride(from: 0, through: 1, by: 0.125) {
      let geometry = CropGeometry(
        original: PixelSize(width: 1001, height: 500), target: PixelSize(width: 300, height: 300),
        focus: FocusPoint(x: x, y: 0.5))
      let mirrored = geometry.mirrored
      #expect(mirrored.cropLeft == geometry.resized.width - 300 - geometry.cropLeft)
      #expect(mirrored.cropTop == geometry.cropTop)
      #expect(mirrored.resized == geometry.resized)
      #expect(mirrored.mirrored == geometry)
    }
  }
}
