import Datasets
import Images
import Options
import StableDiffusion
import Testing
import Torch

@testable import Training

@Suite("Trainings in buckets below 512 pixels")
struct SmallBucketTests {
  private static let narrow = PixelSize(width: 64, height: 100)

  /// A configuration that leaves the step of buckets to the resolution.
  private static func config(step: Int? = nil) -> TrainingConfig {
    TinyTraining.config {
      $0.bucketStep = step
      $0.steps = 3
    }
  }

  @Test("an image that is no square is trained in a bucket of its shape")
  func trained() throws {
    let training = try TinyTraining()
    let setup = try training.setup(Self.config())
    let bucket = setup.buckets.bucket(for: Self.narrow, upscale: true)
    #expect(bucket == PixelSize(width: 48, height: 80))
    let (_, events) = try training.train(run: 1, Self.config())
    let losses = events.steps.map(\.loss)
    #expect(losses.count == 3 && losses.allSatisfy(\.isFinite))
  }

  @Test("a resumed run keeps its step of buckets, unless another one is set, which is a difference")
  func resumed() throws {
    let training = try TinyTraining()
    let setup = try training.setup(Self.config())
    let earlier = try training.setup(Self.config(step: 64))
    #expect(setup.buckets == AspectBuckets(resolution: 64))
    #expect(setup.resuming(setup.config).buckets == setup.buckets)
    let resumed = setup.resuming(earlier.config)
    #expect(resumed.buckets == earlier.buckets && resumed.config.bucketStep == 64)
    #expect(resumed.config.differencesForbiddenOnResume(from: earlier.config).isEmpty)
    let other = try training.setup(Self.config(step: 32)).resuming(earlier.config)
    #expect(
      other.config.differencesForbiddenOnResume(from: earlier.config).map(\.key) == ["bucket_step"])
  }
}
