// The S-box as a circuit of 115 gates: J. Boyar and R. Peralta, "A new combinational logic minimization technique with
// applications to cryptology", IACR ePrint 2009/191, without its four NOTs: their constant 0x63 is part of the
// round keys (planes.ts). The names are the paper's: x0 and s0 are the most significant bits.
//
//   y   linear: the bytes into the field as a tower, GF(((2^2)^2)^2)
//   t   up to t24 the norm of the inversion, up to t45 its inverse, t29 t33 t37 t40, and their sums
//   z   the products of the inverse and the y
//   t   from t46 on linear, as the s: back into bytes, and the affine map
//
// The order is not the paper's. There are 16 vector registers, and what waits longer than they last is stored and loaded
// again: this order was the fastest of many that were tried.

/** Eight planes at a time from `state` to `end` through the S-box, less its constant; plane 0 holds the lowest bits. */
export function subBytes(state: usize, end: usize): void {
  for (; state < end; state += 128) {
    const x6 = v128.load(state, 16);
    const x2 = v128.load(state, 80);
    const x5 = v128.load(state, 32);
    const x3 = v128.load(state, 64);
    const x1 = v128.load(state, 96);
    const x0 = v128.load(state, 112);
    const y13 = v128.xor(x0, x6);
    const x7 = v128.load(state);
    const y8 = v128.xor(x0, x5);
    const t0 = v128.xor(x2, x1);
    const x4 = v128.load(state, 48);
    const y14 = v128.xor(x5, x3);
    const y12 = v128.xor(y14, y13);
    const y1 = v128.xor(t0, x7);
    const t1 = v128.xor(x4, y12);
    const y20 = v128.xor(x1, t1);
    const y9 = v128.xor(x0, x3);
    const y15 = v128.xor(t1, x5);
    const y10 = v128.xor(t0, y15);
    const t15 = v128.and(y10, y8);
    const y11 = v128.xor(y20, y9);
    const t2 = v128.and(y15, y12);
    const y4 = v128.xor(x3, y1);
    const y17 = v128.xor(y10, y11);
    const y16 = v128.xor(t0, y11);
    const t5 = v128.and(x7, y4);
    const t12 = v128.and(y9, y11);
    const t13 = v128.and(y14, y17);
    const t14 = v128.xor(t13, t12);
    const t6 = v128.xor(t2, t5);
    const y2 = v128.xor(x0, y1);
    const t16 = v128.xor(t15, t12);
    const t18 = v128.xor(t16, t6);
    const y6 = v128.xor(x7, y15);
    const y5 = v128.xor(x6, y1);
    const y18 = v128.xor(x0, y16);
    const t7 = v128.and(y13, y16);
    const t8 = v128.and(y1, y5);
    const y7 = v128.xor(x7, y11);
    const t10 = v128.and(y7, y2);
    const y3 = v128.xor(y8, y5);
    const y19 = v128.xor(y10, y8);
    const t3 = v128.and(y3, y6);
    const t4 = v128.xor(t3, t2);
    const t11 = v128.xor(t10, t7);
    const t9 = v128.xor(t8, t7);
    const y21 = v128.xor(y16, y13);
    const t20 = v128.xor(t11, t16);
    const t19 = v128.xor(t14, t9);
    const t22 = v128.xor(t18, y19);
    const t17 = v128.xor(t14, t4);
    const t21 = v128.xor(y20, t17);
    const t23 = v128.xor(t19, y21);
    const t24 = v128.xor(t20, y18);
    const t26 = v128.and(t23, t21);
    const t30 = v128.xor(t23, t24);
    const t25 = v128.xor(t21, t22);
    const t31 = v128.xor(t26, t22);
    const t32 = v128.and(t31, t30);
    const t27 = v128.xor(t26, t24);
    const t28 = v128.and(t25, t27);
    const t33 = v128.xor(t24, t32);
    const t35 = v128.xor(t33, t27);
    const t34 = v128.xor(t23, t33);
    const t36 = v128.and(t24, t35);
    const t38 = v128.xor(t36, t27);
    const t29 = v128.xor(t22, t28);
    const z11 = v128.and(y4, t33);
    const t39 = v128.and(t38, t29);
    const t37 = v128.xor(t34, t36);
    const t42 = v128.xor(t33, t29);
    const t40 = v128.xor(t39, t25);
    const t41 = v128.xor(t37, t40);
    const t45 = v128.xor(t41, t42);
    const z15 = v128.and(t42, y9);
    const t44 = v128.xor(t37, t33);
    const z2 = v128.and(x7, t33);
    const z0 = v128.and(t44, y15);
    const z10 = v128.and(y3, t37);
    const z16 = v128.and(y14, t45);
    const z17 = v128.and(y8, t41);
    const t46 = v128.xor(z16, z15);
    const t43 = v128.xor(t29, t40);
    const z5 = v128.and(y7, t29);
    const z3 = v128.and(y16, t43);
    const z7 = v128.and(y17, t45);
    const z6 = v128.and(y11, t42);
    const t47 = v128.xor(z11, z10);
    const t54 = v128.xor(z6, z7);
    const z4 = v128.and(y1, t40);
    const t58 = v128.xor(t46, z4);
    const t59 = v128.xor(t54, z3);
    const z8 = v128.and(y10, t41);
    const t64 = v128.xor(t59, z4);
    const z1 = v128.and(y6, t37);
    const z14 = v128.and(t29, y2);
    const z9 = v128.and(y12, t44);
    const t49 = v128.xor(z9, z10);
    const t53 = v128.xor(z0, z3);
    const z13 = v128.and(y5, t40);
    const z12 = v128.and(y13, t43);
    const t48 = v128.xor(z5, z13);
    const t50 = v128.xor(z12, z2);
    const t51 = v128.xor(z5, z2);
    const t63 = v128.xor(t58, t49);
    const t66 = v128.xor(z1, t63);
    const s3 = v128.xor(t53, t66);
    const t52 = v128.xor(z8, z7);
    const s1 = v128.xor(t64, s3);
    const t55 = v128.xor(z17, z16);
    const t56 = v128.xor(z12, t48);
    const t57 = v128.xor(t53, t50);
    const s0 = v128.xor(t59, t63);
    v128.store(state, s0, 112);
    const t60 = v128.xor(t57, t46);
    const t62 = v128.xor(t58, t52);
    const s7 = v128.xor(t60, t48);
    const t61 = v128.xor(t57, z14);
    v128.store(state, s1, 96);
    const t65 = v128.xor(t62, t61);
    const s5 = v128.xor(t65, t47);
    v128.store(state, s5, 32);
    const t67 = v128.xor(t64, t65);
    const s6 = v128.xor(t56, t62);
    v128.store(state, s6, 16);
    v128.store(state, s7);
    const s4 = v128.xor(t51, t66);
    v128.store(state, s3, 64);
    v128.store(state, s4, 48);
    const s2 = v128.xor(t55, t67);
    v128.store(state, s2, 80);
  }
}
