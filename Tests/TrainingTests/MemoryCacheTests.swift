import Foundation
import Images
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Drawing
@testable import Files
@testable import Training

@Suite("Caches in memory")
struct MemoryCacheTests {
  @Test("the least recently used values are dropped, and the size never exceeds the limit")
  func leastRecentlyUsed() {
    let cache = MemoryCache<String, Int>(limit: 100)
    for (key, value) in [("a", 1), ("b", 2), ("c", 3)] { cache.insert(value, bytes: 30, for: key) }
    #expect(cache.value("a") == 1 && cache.bytes == 90)
    cache.insert(4, bytes: 40, for: "d")
    #expect(cache.value("b") == nil && cache.value("a") == 1 && cache.value("c") == 3)
    #expect(cache.bytes == 100)
    cache.insert(5, bytes: 10, for: "a")
    #expect(cache.value("a") == 5 && cache.bytes == 80)
    cache.insert(6, bytes: 101, for: "e")
    #expect(cache.value("e") == nil && cache.value("d") == 4 && cache.bytes == 80)
  }

  @Test("with any number of random views, the values that fit are kept")
  func bounded() {
    let cache = MemoryCache<Int, Int>(limit: 10_000)
    for number in 0..<5_000 {
      cache.insert(number, bytes: 1 + number % 700, for: number)
      #expect(cache.bytes <= 10_000)
    }
    #expect(cache.value(4_999) == 4_999 && cache.value(0) == nil)
  }

  @Test("latents within the limit are read once; others are read again, with the same bytes")
  func latents() throws {
    let training = try TinyTraining()
    let model = training.model
    func cache(_ limit: Int) -> LatentCache {
      LatentCache(
        in: training.caches, vaeHash: "vae", device: .cpu, arithmetic: Arithmetic(threads: 1),
        memoryLimit: limit
      ) { try ModelDirectory(model).loadVAE() }
    }
    let url = training.dataset.appending(path: "0.png")
    let size = try ImageDecoder.header(contentsOf: url).orientedSize
    let views = try [false, true].map { isMirrored in
      ImageView(
        url: url, sha256: try ContentHash.of(fileAt: url), mask: nil,
        geometry: CropGeometry(
          original: PixelSize(width: size.width, height: size.height),
          target: PixelSize(width: 64, height: 64)), isMirrored: isMirrored)
    }
    // Mean and log-variance, 4 x 8 x 8 float32 values each.
    let (all, one) = (cache(4 * 1024), cache(2 * 1024))
    for cache in [all, one] { try cache.fill(views) { _ in } }
    let first = try views.map { try all.latents(of: $0).posterior.mean }
    #expect(try zip(views, first).allSatisfy { try all.latents(of: $0).posterior.mean === $1 })
    let second = try views.map { try one.latents(of: $0).posterior.mean }
    #expect(try one.latents(of: views[0]).posterior.mean !== second[0])
    #expect(try first.map { try $0.bytes() } == second.map { try $0.bytes() })
  }
}
