import Foundation
import Images
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Drawing
@testable import Files
@testable import Training

@Suite("Latent cache")
struct LatentCacheTests {
  private struct Stop: Error {}

  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  private func cache(
    vae: String = "vae", threads: Int = 1, load: (() throws -> AutoencoderKL)? = nil
  ) -> LatentCache {
    let model = training.model
    return LatentCache(
      in: training.caches, vaeHash: vae, device: .cpu,
      arithmetic: Arithmetic(threads: threads),
      load: load ?? { try ModelDirectory(model).loadVAE() })
  }

  /// A crop of 0.png (80 x 64) at 64 x 64, by default the left one.
  private func view(
    _ name: String = "0.png", sha256: String? = nil, mask: ImageView.Mask? = nil,
    focus: FocusPoint? = nil, side: Int = 64, isMirrored: Bool = false
  ) throws -> ImageView {
    let url = training.dataset.appending(path: name)
    let size = try ImageDecoder.header(contentsOf: url).orientedSize
    return ImageView(
      url: url, sha256: try sha256 ?? ContentHash.of(fileAt: url), mask: mask,
      geometry: CropGeometry(
        original: PixelSize(width: size.width, height: size.height),
        target: PixelSize(width: side, height: side), focus: focus),
      isMirrored: isMirrored)
  }

  /// The number of views that are computed rather than found.
  private func computed(_ views: ImageView..., by cache: LatentCache? = nil) throws -> Int {
    var count = 0
    try (cache ?? self.cache()).fill(views) { _ in count += 1 }
    return count
  }

  private func bytes(_ image: EncodedImage) throws -> [[UInt8]] {
    try [image.posterior.mean, image.posterior.logvar].map { try $0.bytes() }
  }

  @Test("another image, crop, mirroring, size, mask, VAE or number of threads is a miss")
  func misses() throws {
    let mask = training.dataset.appending(path: "0-mask.png")
    try training.writeImage("0-mask.png", width: 80, height: 64, seed: 1)
    let usual = try view()
    #expect(try computed(usual) == 1)
    let others = [
      try view(sha256: String(usual.sha256.dropLast()) + "x"), try view(isMirrored: true),
      try view(focus: FocusPoint(x: 0, y: 0.5)), try view(side: 56), try view(mask: .alpha),
      try view(mask: .file(mask, sha256: "1")), try view(mask: .file(mask, sha256: "2")),
    ]
    let files = [cache(vae: "other").file(of: usual), cache(threads: 2).file(of: usual)]
    #expect(Set((others + [usual]).map(cache().file) + files).count == others.count + 3)
    for other in others { #expect(try computed(other) == 1) }
    #expect(try computed(usual, by: cache(vae: "other")) == 1)
    #expect(try computed(usual, by: cache(threads: 2)) == 1)
    #expect(try computed(usual) == 0)
  }

  @Test("a changed byte of an image is a miss; a touched, moved or renamed image is a hit")
  func content() throws {
    #expect(try computed(view()) == 1)
    let file = training.dataset.appending(path: "0.png")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: file.path)
    #expect(try computed(view()) == 0)
    let folder = training.dataset.appending(path: "more")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: file, to: folder.appending(path: "renamed.png"))
    #expect(try computed(view("more/renamed.png")) == 0)
    var data = try Data(contentsOf: folder.appending(path: "renamed.png"))
    data.append(0)  // After the end of the image.
    try data.write(to: file)
    #expect(try computed(view()) == 1)
  }

  @Test("each view is computed once, in order; the VAE is loaded at most once, and freed")
  func order() throws {
    weak var vae: AutoencoderKL?
    var loads = 0
    let model = training.model
    let cache = cache(load: {
      let loaded = try ModelDirectory(model).loadVAE()
      vae = loaded
      loads += 1
      return loaded
    })
    let views = try [view("0.png"), view("1.png"), view("0.png"), view("2.png")]
    _ = try computed(views[1], by: self.cache())
    var done: [Int] = []
    try cache.fill(views) { done.append($0) }
    #expect(done == [0, 2])
    #expect(vae == nil && loads == 1)
    try cache.fill(views) { _ in Issue.record("everything is there") }
    #expect(loads == 1)
  }

  @Test("a stop keeps the latents computed so far")
  func stopped() throws {
    let views = try [view("0.png"), view("1.png"), view("2.png")]
    #expect(throws: Stop.self) {
      try cache().fill(views) { if $0 == 2 { throw Stop() } }
    }
    #expect(try computed(views[0], views[1]) == 0)
    #expect(try computed(views[2]) == 1)
  }

  @Test("latents are the VAE's output for the crop, also on demand")
  func values() throws {
    let view = try view()
    let vae = try ModelDirectory(training.model).loadVAE()
    let expected = try vae.encode(TrainingImage.crop(of: view).pixels())
    #expect(try computed(view) == 1)
    let kept = try cache().latents(of: view)
    #expect(try kept.posterior.mean.bytes() == expected.mean.bytes())
    #expect(try kept.posterior.logvar.bytes() == expected.logvar.bytes())
    #expect(kept.mask == nil)
    try FileManager.default.removeItem(at: training.caches)
    #expect(try bytes(cache().latents(of: view)) == bytes(kept))
    #expect(try computed(view) == 0)
  }

  @Test("a mask is stored at the size of the latents")
  func masks() throws {
    try training.writeImage("0-mask.png", width: 80, height: 64, seed: 1)
    let mask = training.dataset.appending(path: "0-mask.png")
    let view = try view(mask: .file(mask, sha256: ContentHash.of(fileAt: mask)))
    let expected = try #require(try TrainingImage.crop(of: view).weights(scale: 8))
    #expect(try computed(view) == 1)
    let kept = try #require(try cache().latents(of: view).mask)
    #expect(kept.shape == [1, 1, 8, 8])
    #expect(try kept.bytes() == expected.bytes())
  }

  @Test("above 1536 x 1536 pixels an image is encoded in tiles of at least 512 pixels")
  func tiles() throws {
    let view = try view(side: 1544)
    #expect(try computed(view) == 1)
    let pixels = try TrainingImage.crop(of: view).pixels()
      .narrow(dim: 2, start: 0, length: 512).narrow(dim: 3, start: 0, length: 512)
    let expected = try noGrad { try ModelDirectory(training.model).loadVAE().encode(pixels) }
    func corner(_ tensor: Tensor) throws -> [UInt8] {
      // The rest of the tile is blended with the next tile.
      try tensor.narrow(dim: 2, start: 0, length: 48).narrow(dim: 3, start: 0, length: 48).bytes()
    }
    let kept = try cache().latents(of: view).posterior.mean
    #expect(kept.shape == [1, 4, 193, 193])
    #expect(try corner(kept) == corner(expected.mean))
  }
}
