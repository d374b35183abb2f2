// The inverse S-box (FIPS 197 section 5.3.2) as a circuit of 115 gates, as sbox.ts is one of the S-box. To invert in the
// field is its own inverse, so what is not linear, t2 to z17, is the same. The affine map is undone in front of it and not
// done behind it, so the linear parts are others: y0 to y21, through a0, and s0 to s7, through b0 to b21. The constant is
// part of the round keys (planes.ts).

/** Eight planes at a time from `state` to `end` back through the S-box less its constant; as subBytes. */
export function inverseSubBytes(state: usize, end: usize): void {
  for (; state < end; state += 128) {
    const x0 = v128.load(state, 112);
    const x1 = v128.load(state, 96);
    const x2 = v128.load(state, 80);
    const x3 = v128.load(state, 64);
    const x4 = v128.load(state, 48);
    const x5 = v128.load(state, 32);
    const x6 = v128.load(state, 16);
    const x7 = v128.load(state, 0);

    // Linear: the affine map undone, into the field as a tower.
    const y3 = v128.xor(x0, x3);
    const y5 = v128.xor(x1, x3);
    const y6 = v128.xor(y5, x0);
    const y8 = v128.xor(y6, x3);
    const y9 = v128.xor(x3, x4);
    const y1 = v128.xor(y9, x7);
    const y10 = v128.xor(y1, y6);
    const y13 = v128.xor(y1, x6);
    const y2 = v128.xor(y13, y5);
    const y4 = v128.xor(y2, y9);
    const y7 = v128.xor(y4, x2);
    const y12 = v128.xor(y4, y3);
    const y14 = v128.xor(y12, y13);
    const y16 = v128.xor(y7, y1);
    const y18 = v128.xor(y7, y2);
    const y19 = v128.xor(y10, y8);
    const y21 = v128.xor(y16, y13);
    const a0 = v128.xor(x0, x5);
    const y11 = v128.xor(a0, y4);
    const y17 = v128.xor(y11, y10);
    const y15 = v128.xor(y17, y16);
    const y20 = v128.xor(y11, y9);
    const y0 = v128.xor(y15, y6);

    // The inversion, as in sbox.ts: its 4-bit norm, t21 .. t24, the inverse of that and its sums.
    const t2 = v128.and(y12, y15);
    const t3 = v128.and(y3, y6);
    const t4 = v128.xor(t3, t2);
    const t5 = v128.and(y4, y0);
    const t6 = v128.xor(t5, t2);
    const t7 = v128.and(y13, y16);
    const t8 = v128.and(y5, y1);
    const t9 = v128.xor(t8, t7);
    const t10 = v128.and(y2, y7);
    const t11 = v128.xor(t10, t7);
    const t12 = v128.and(y9, y11);
    const t13 = v128.and(y14, y17);
    const t14 = v128.xor(t13, t12);
    const t15 = v128.and(y8, y10);
    const t16 = v128.xor(t15, t12);
    const t17 = v128.xor(t4, t14);
    const t18 = v128.xor(t6, t16);
    const t19 = v128.xor(t9, t14);
    const t20 = v128.xor(t11, t16);
    const t21 = v128.xor(t17, y20);
    const t22 = v128.xor(t18, y19);
    const t23 = v128.xor(t19, y21);
    const t24 = v128.xor(t20, y18);
    const t25 = v128.xor(t21, t22);
    const t26 = v128.and(t21, t23);
    const t27 = v128.xor(t24, t26);
    const t28 = v128.and(t25, t27);
    const t29 = v128.xor(t28, t22);
    const t30 = v128.xor(t23, t24);
    const t31 = v128.xor(t22, t26);
    const t32 = v128.and(t31, t30);
    const t33 = v128.xor(t32, t24);
    const t34 = v128.xor(t23, t33);
    const t35 = v128.xor(t27, t33);
    const t36 = v128.and(t24, t35);
    const t37 = v128.xor(t36, t34);
    const t38 = v128.xor(t27, t36);
    const t39 = v128.and(t29, t38);
    const t40 = v128.xor(t25, t39);
    const t41 = v128.xor(t40, t37);
    const t42 = v128.xor(t29, t33);
    const t43 = v128.xor(t29, t40);
    const t44 = v128.xor(t33, t37);
    const t45 = v128.xor(t42, t41);

    // The products with it.
    const z0 = v128.and(t44, y15);
    const z1 = v128.and(t37, y6);
    const z2 = v128.and(t33, y0);
    const z3 = v128.and(t43, y16);
    const z4 = v128.and(t40, y1);
    const z5 = v128.and(t29, y7);
    const z6 = v128.and(t42, y11);
    const z7 = v128.and(t45, y17);
    const z8 = v128.and(t41, y10);
    const z9 = v128.and(t44, y12);
    const z10 = v128.and(t37, y3);
    const z11 = v128.and(t33, y4);
    const z12 = v128.and(t43, y13);
    const z13 = v128.and(t40, y5);
    const z14 = v128.and(t29, y2);
    const z15 = v128.and(t42, y9);
    const z16 = v128.and(t45, y14);
    const z17 = v128.and(t41, y8);

    // Linear: back into bytes.
    const b0 = v128.xor(z15, z6);
    const b1 = v128.xor(b0, z12);
    const b2 = v128.xor(b1, z13);
    const b3 = v128.xor(b2, z16);
    const b4 = v128.xor(b3, z8);
    const b5 = v128.xor(b4, z3);
    const s0 = v128.xor(b5, z5);
    const b6 = v128.xor(b5, z4);
    const b7 = v128.xor(b6, z1);
    const b8 = v128.xor(z10, z2);
    const b9 = v128.xor(b4, z0);
    const s3 = v128.xor(b9, z2);
    const b10 = v128.xor(b6, z7);
    const s6 = v128.xor(b10, z8);
    const b11 = v128.xor(b9, s0);
    const s5 = v128.xor(b11, b7);
    const b12 = v128.xor(z17, z11);
    const b13 = v128.xor(b8, z14);
    const b14 = v128.xor(b13, b7);
    const b15 = v128.xor(z15, z9);
    const s7 = v128.xor(b15, b12);
    const b16 = v128.xor(b14, z13);
    const s2 = v128.xor(b16, z11);
    const b17 = v128.xor(s2, b3);
    const b18 = v128.xor(s7, z6);
    const s1 = v128.xor(b18, b17);
    const b19 = v128.xor(b11, s6);
    const b20 = v128.xor(b19, b12);
    const b21 = v128.xor(b20, z16);
    const s4 = v128.xor(b21, b8);
    v128.store(state, s0, 112);
    v128.store(state, s1, 96);
    v128.store(state, s2, 80);
    v128.store(state, s3, 64);
    v128.store(state, s4, 48);
    v128.store(state, s5, 32);
    v128.store(state, s6, 16);
    v128.store(state, s7, 0);
  }
}
