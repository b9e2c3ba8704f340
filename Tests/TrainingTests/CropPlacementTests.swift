import Images
import Testing

@testable import Datasets

@Suite("Crop placement: focus points and random crops")
struct CropPlacementTests {
  /// 1248 x 832 after scaling: the first column is from 0 to 32.
  private let wide = CropGeometry(
    original: PixelSize(width: 3000, height: 2000), target: PixelSize(width: 1216, height: 832))
  /// 512 x 768 after scaling: the first row is from 0 to 256.
  private let tall = CropGeometry(
    original: PixelSize(width: 1000, height: 1500), target: PixelSize(width: 512, height: 512))

  @Test(
    "the crop is centred on the focus point as far as the image allows",
    arguments: [
      // 2000 x 1000 is scaled to 1024 x 512, of which 512 columns are kept: x * 1024 - 256.
      (0, 0), (0.25, 0), (0.3, 51), (0.4, 154), (0.5, 256), (0.7, 461), (0.75, 512), (1, 512),
    ])
  func focus(x: Double, left: Int) {
    let target = PixelSize(width: 512, height: 512)
    let wide = CropGeometry(
      original: PixelSize(width: 2000, height: 1000), target: target,
      focus: FocusPoint(x: x, y: 0))
    #expect((wide.cropTop, wide.cropLeft) == (0, left))
    let tall = CropGeometry(
      original: PixelSize(width: 1000, height: 2000), target: target,
      focus: FocusPoint(x: 1, y: x))
    #expect((tall.cropTop, tall.cropLeft) == (left, 0))
  }

  @Test("a focus point in the middle gives the same crop as none, for odd and even sizes")
  func middle() {
    let target = PixelSize(width: 64, height: 64)
    for length in 64..<200 {
      for size in [PixelSize(width: length, height: 64), PixelSize(width: 64, height: length)] {
        #expect(
          CropGeometry(original: size, target: target, focus: FocusPoint(x: 0.5, y: 0.5))
            == CropGeometry(original: size, target: target))
      }
    }
  }

  @Test("random crops have fixed values, calculated independently in Python")
  func values() {
    let places = [(0, 0), (1, 0), (0, 1), (7, 5)]
    #expect(
      places.map { wide.randomlyCropped(seed: 42, epoch: $0.0, image: $0.1).cropLeft }
        == [19, 19, 6, 17])
    #expect(
      places.map { tall.randomlyCropped(seed: 42, epoch: $0.0, image: $0.1).cropTop }
        == [173, 141, 98, 99])
  }

  @Test("over the epochs a random crop has every allowed offset about equally often")
  func everywhere() {
    var counts = Array(repeating: 0, count: 33)
    for epoch in 0..<3300 {
      let crop = wide.randomlyCropped(seed: 7, epoch: epoch, image: 3)
      #expect(crop.cropTop == 0)
      #expect(
        (crop.original, crop.target, crop.resized) == (wide.original, wide.target, wide.resized))
      counts[crop.cropLeft] += 1
    }
    #expect(counts.allSatisfy { $0 > 0 })
    // The 99.99 % point of chi-squared with 32 degrees of freedom.
    #expect(counts.reduce(0.0) { $0 + (Double($1) - 100) * (Double($1) - 100) / 100 } < 73)
  }

  @Test("images and epochs have different crops; the same image and epoch has the same crop")
  func drawn() {
    func top(seed: UInt64, epoch: Int, image: Int) -> Int {
      tall.randomlyCropped(seed: seed, epoch: epoch, image: image).cropTop
    }
    let first = (0..<20).map { top(seed: 1, epoch: $0, image: 0) }
    #expect(Set(first).count > 10)
    #expect(first == (0..<20).map { top(seed: 1, epoch: $0, image: 0) })
    #expect(first != (0..<20).map { top(seed: 1, epoch: $0, image: 1) })
    #expect(first != (0..<20).map { top(seed: 2, epoch: $0, image: 0) })
    #expect(Set((0..<20).map { top(seed: 1, epoch: 0, image: $0) }).count > 10)
  }

  @Test("a random crop does not depend on the focus point")
  func fresh() {
    let focused = CropGeometry(
      original: wide.original, target: wide.target, focus: FocusPoint(x: 1, y: 1))
    #expect(
      focused.randomlyCropped(seed: 3, epoch: 4, image: 5)
        == wide.randomlyCropped(seed: 3, epoch: 4, image: 5))
  }
}
