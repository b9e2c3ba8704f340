package import Ranks
import Torch

extension DeviceChoice {
  /// The device of a rank: the GPU of its number on its machine. If the launcher shows each rank one GPU only, that
  /// one. Throws `LaunchError` if there is none for it.
  package func placed(on ranks: RankGroup) throws(LaunchError) -> DeviceChoice {
    let count = Device.cudaCount
    switch self {
    case .cpu: return .cpu
    case .auto where count == 0: return .cpu
    case .cuda(let index) where index > 0:
      guard ranks.localSize == 1 else {
        throw .sameGPU(device: rawValue, count: ranks.localSize)
      }
      return self
    case .auto, .cuda:
      if count == 1 { return .cuda(0) }
      guard ranks.localRank < count else {
        throw .noGPU(localRank: ranks.localRank, count: count)
      }
      return .cuda(ranks.localRank)
    }
  }
}
