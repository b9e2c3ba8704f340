import Testing
import Torch

@Suite("Matrix decompositions")
struct LinearAlgebraTests {
  @Test("Singular values equal numpy's")
  func singularValues() throws {
    // numpy.linalg.svd(numpy.arange(12).reshape(3, 4), compute_uv=False)
    let known = [22.40929816327044, 1.9553403360142754, 0]
    for matrix in [try counting(3, 4), try counting(3, 4).transpose(0, 1)] {
      let (u, s, vh) = try matrix.to(.float64).svd()
      #expect(
        u.shape == [matrix.shape[0], 3] && s.shape == [3] && vh.shape == [3, matrix.shape[1]])
      #expect(isClose(try s.doubles(), known, tolerance: 1e-13))
      #expect(isClose(try (u * s).matmul(vh).doubles(), try matrix.doubles(), tolerance: 1e-13))
    }
    // numpy.linalg.svd([[1, 2], [3, 4]], compute_uv=False)
    let small = try Tensor([Float(1), 2, 3, 4], shape: [2, 2]).svd().s
    #expect(small.dtype == .float32)
    #expect(isClose(try small.doubles(), [5.464985704219043, 0.3659661906262575], tolerance: 1e-6))
  }

  @Test("QR has orthonormal columns, a triangular factor, and gives the matrix back")
  func qr() throws {
    for shape in [[5, 3], [3, 5]] {
      let matrix = try Generator(seed: 2).normal(shape).to(.float64)
      let (q, r) = try matrix.qr()
      #expect(q.shape == [shape[0], 3] && r.shape == [3, shape[1]])
      let gram = try q.transpose(0, 1).matmul(q).doubles()
      #expect(isClose(gram, [1, 0, 0, 0, 1, 0, 0, 0, 1], tolerance: 1e-13))
      let rows = try r.doubles()
      #expect(rows[shape[1]] == 0 && rows[2 * shape[1]] == 0 && rows[2 * shape[1] + 1] == 0)
      #expect(isClose(try q.matmul(r).doubles(), try matrix.doubles(), tolerance: 1e-13))
    }
  }

  @Test("What has no decomposition is an error of one line")
  func errors() throws {
    let vector = try vector(1, 2)
    let halves = try Tensor.zeros([2, 2], dtype: .float16)
    let infinite = try Tensor.full([3, 3], value: .nan)
    for body in [
      { _ = try vector.svd() }, { _ = try vector.qr() }, { _ = try halves.svd() },
      { _ = try halves.qr() }, { _ = try infinite.svd() },
    ] {
      #expect(isOneLine(try #require(torchError(body)).description))
    }
  }
}
